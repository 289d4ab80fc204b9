import ArgumentParser
import Martlet
import MartletCLIKit
import Testing

@Suite("Exit codes")
struct ExitCodeTests {
    private struct Root: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "martlet", version: "1.2.3",
            subcommands: [
                TopicCommand.self, ProduceCommand.self, ConsumeCommand.self, BrokerStatusCommand.self, LogCommand.self,
            ])
    }

    @Test(
        "mistakes in the arguments are 2, told on standard error",
        arguments: [
            ["nonsense"], ["topic", "create"], ["topic", "create", "t", "--partitions", "many"],
            ["topic", "create", "t", "--set", "novalue"], ["topic", "create", "t", "--partitions=-1"],
            ["topic", "alter", "t"],
            ["topic", "delete-records", "t", "--partition", "0", "--before", "soon"],
            ["topic", "offsets", "t", "--at", "7"],
            ["consume"], ["consume", "t", "--from", "never"], ["consume", "t", "--from", "-15"],
            ["consume", "t", "--format", "%q"],
            ["consume", "t", "--max=-1"], ["consume", "t", "--json", "--format", "%v"],
            ["consume", "t", "--broker", "host:port"],
            ["consume", "t", "--timeout", "soon"], ["produce", "t", "--acks", "2"],
            ["produce", "t", "--compression", "zip"],
            ["produce", "t", "--header", "novalue"], ["produce", "t", "--json", "--key-separator", ":"],
            ["produce", "t", "--keep-partitions"], ["produce", "t", "--unknown"],
        ])
    func usage(arguments: [String]) async {
        let ending = await CommandRunner.run(Root.self, arguments)
        #expect(ending.code == 2)
        #expect(ending.output.isEmpty)
        #expect(ending.errors.contains("Error:"))
        #expect(ending.errors.contains("Usage:"))
    }

    @Test(
        "help and the version are 0, told on standard output",
        arguments: [
            ["--help"], ["--version"], ["topic", "--help"], ["help", "consume"], ["topic"], [],
        ])
    func help(arguments: [String]) async {
        let ending = await CommandRunner.run(Root.self, arguments)
        #expect(ending.code == 0)
        #expect(!ending.output.isEmpty)
        #expect(ending.errors.isEmpty)
    }

    @Test("no broker is 1, at once, with what to do")
    func unreachable() async {
        // Port 1 is nobody's on a machine that runs tests.
        let ending = await CommandRunner.run(Root.self, ["topic", "list", "--broker", "127.0.0.1:1"])
        #expect(ending.code == 1)
        #expect(ending.errors.hasPrefix("martlet: "))
        #expect(ending.errors.contains("127.0.0.1:1"))
        #expect(ending.errors.contains("martlet broker"))
    }

    @Test("a file that is not there is 1 and named")
    func missingFile() async {
        let ending = await CommandRunner.run(Root.self, ["produce", "t", "/nonexistent/file"])
        #expect(ending.code == 1)
        #expect(ending.errors.contains("/nonexistent/file"))
        let inspection = await CommandRunner.run(Root.self, ["log", "inspect", "/nonexistent/data"])
        #expect(inspection.code == 1)
        #expect(inspection.errors.contains("/nonexistent/data"))
    }

    @Test("a closed pipe is 0 and silent")
    func closedPipe() {
        #expect(CommandRunner.ending(of: CommandFailure.outputClosed, Root.self) == CommandRunner.Ending(code: 0))
    }

    @Test("a refusal of a broker is 1, with a remedy where there is one")
    func refused() {
        let error = MartletError(.refused(.unknownTopicOrPartition), "there is no topic t")
        let ending = CommandRunner.ending(of: error, Root.self)
        #expect(ending.code == 1)
        #expect(ending.errors.hasPrefix("martlet: there is no topic t\n"))
        #expect(ending.errors.contains("martlet topic create"))
    }
}

@Suite("Where the broker is")
struct ClientOptionsTests {
    private func addresses(_ arguments: [String], _ environment: [String: String]) throws -> [String] {
        try ClientOptions.parse(arguments).configuration(environment: environment).bootstrap.map(\.description)
    }

    @Test("the flag wins over MARTLET_BROKER, and that over the default")
    func precedence() throws {
        #expect(try addresses([], [:]) == ["127.0.0.1:7400"])
        #expect(try addresses([], ["MARTLET_BROKER": ""]) == ["127.0.0.1:7400"])
        #expect(try addresses([], ["MARTLET_BROKER": "one:1,two:2"]) == ["one:1", "two:2"])
        #expect(try addresses(["--broker", "flag:3"], ["MARTLET_BROKER": "one:1"]) == ["flag:3"])
    }

    @Test("an address that is none is refused and its source named")
    func refused() throws {
        let error = #expect(throws: ValidationError.self) { try addresses([], ["MARTLET_BROKER": "host:port"]) }
        #expect(error?.message.contains("MARTLET_BROKER") == true)
    }
}
