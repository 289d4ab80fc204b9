internal import ArgumentParser
internal import Martlet

struct GroupDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a group with its committed offsets.",
        discussion: "The group must have no members: stop them first. No record of any topic is touched.")

    @Argument(help: "The group.")
    var name: String

    @Flag(name: .long, help: "Succeed when there is no such group.")
    var ifExists = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let isDeleted = try await client.withAdmin { admin in
            do {
                try await admin.deleteGroup(name)
                return true
            } catch let error as MartletError where ifExists && error.code == .refused(.groupIDNotFound) {
                return false
            }
        }
        guard output.json else {
            return try StandardOutput.print(isDeleted ? "Deleted group \(name).\n" : "There is no group \(name).\n")
        }
        var object = JSONObject()
        object.add("group", name)
        object.add("result", isDeleted ? "deleted" : "missing")
        try StandardOutput.print(object.line())
    }
}
