internal import ArgumentParser
internal import Martlet

struct GroupDescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show a group's members, what each reads, and how far behind it is.",
        discussion: """
            COMMITTED is the next offset that the group reads, END the first one that consumers do not see yet, LAG \
            the offsets between them, BEHIND the age of the oldest record that is not consumed yet.
            """)

    @Argument(help: "The group.")
    var name: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let report = try await client.withAdmin { admin in
            let group = try await admin.describeGroup(name)
            return GroupReport(group, try await GroupProgress.all(of: group, admin), now: WallTime.now())
        }
        try StandardOutput.print(output.json ? report.json : report.text)
    }
}
