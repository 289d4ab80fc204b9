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
            ["consume", "t", "--broker", "host:port"], ["consume", "t", "--broker", "http://host:7400"],
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

    @Test("a command that is not there is 2, with those that are")
    func unknownCommand() async {
        let ending = await CommandRunner.run(Root.self, ["topic", "lst"])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("no command 'topic lst'; martlet topic has: create, list,"))
        #expect(ending.errors.contains("See 'martlet topic --help'"))
    }

    @Test("options of the client may stand before the command, as behind it")
    func leadingOptions() async {
        // Port 1 is nobody's on a machine that runs tests.
        let ending = await CommandRunner.run(Root.self, ["--broker", "127.0.0.1:1", "--json", "topic", "list"])
        #expect(ending.code == 1)
        #expect(ending.errors.contains("127.0.0.1:1"))
        #expect(await CommandRunner.run(Root.self, ["--broker", "127.0.0.1:1", "log", "inspect", "/x"]).code == 2)
    }

    @Test(
        "what stands before a command goes behind its name, and nothing else is moved",
        arguments: [
            (["--broker", "b:1", "topic", "list"], ["topic", "list", "--broker", "b:1"]),
            (["--json", "--timeout=5s", "consume", "t"], ["consume", "--json", "--timeout=5s", "t"]),
            (["consume", "t", "--from", "topic"], ["consume", "t", "--from", "topic"]),
            (["--broker", "b:1"], ["--broker", "b:1"]), (["--broker"], ["--broker"]),
            (["--broker", "topic", "list"], ["--broker", "topic", "list"]), (["--help"], ["--help"]), ([], []),
        ] as [([String], [String])])
    func moved(arguments: [String], parsed: [String]) {
        #expect(CommandWords(arguments, of: Root.self).arguments == parsed)
    }

    @Test(
        "a word is a mistake only where a command has to be named",
        arguments: [
            (["topic", "create", "nonsense"], false), (["topic"], false), (["help", "consume"], false),
            (["topic", "--help"], false), (["consume", "list"], false), (["list"], true), (["--json", "lst"], true),
        ])
    func mistakes(arguments: [String], isMistaken: Bool) {
        #expect((CommandWords(arguments, of: Root.self).mistake != nil) == isMistaken)
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
