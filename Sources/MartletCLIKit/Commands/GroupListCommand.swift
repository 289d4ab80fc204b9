internal import ArgumentParser
internal import Martlet

struct GroupListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the groups.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let groups = try await client.withAdmin { try await $0.listGroups() }
        try StandardOutput.print(output.json ? Self.json(groups) : Self.table(groups))
    }

    static func json(_ groups: [GroupSummary]) -> String {
        groups.map { group in
            var object = JSONObject()
            object.add("group", group.name)
            object.add("state", "\(group.state)")
            object.add("members", group.memberCount)
            object.add("assignor", group.assignor)
            return object.line()
        }.joined()
    }

    static func table(_ groups: [GroupSummary]) -> String {
        guard !groups.isEmpty else {
            return "There are no groups. `martlet consume TOPIC --group NAME` makes one.\n"
        }
        var table = TextTable([.left("GROUP"), .left("STATE"), .right("MEMBERS"), .left("ASSIGNOR")])
        for group in groups { table.add(group.name, "\(group.state)", "\(group.memberCount)", group.assignor) }
        return table.text
    }
}
