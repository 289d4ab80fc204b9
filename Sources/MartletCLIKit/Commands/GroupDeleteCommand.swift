internal import ArgumentParser
internal import Martlet

struct GroupDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a group with its committed offsets.",
        discussion: "The group must have no members: stop them first. No record of any topic is touched.")

    @Argument(help: "The group.")
    var name: String

    @OptionGroup var options: DeleteOptions

    func run() async throws {
        try await options.delete("group", name, missing: .groupIDNotFound) { (admin) async throws(MartletError) in
            try await admin.deleteGroup(name)
        }
    }
}
