internal import ArgumentParser
internal import Martlet

struct ClusterRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a broker that is down for good.",
        discussion: """
            It must keep no replicas: `martlet cluster drain` moves them away while it is up, `martlet cluster reassign` also once it is \
            down.
            """)

    @Argument(help: ArgumentHelp("The broker's number.", valueName: "broker"))
    var id: Int32

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.withAdmin { try await $0.removeBroker(id) }
        var object = JSONObject()
        object.add("broker", id)
        object.add("result", "removed")
        try StandardOutput.print(output.json ? object.line() : "Broker \(id) is forgotten.\n")
    }
}
