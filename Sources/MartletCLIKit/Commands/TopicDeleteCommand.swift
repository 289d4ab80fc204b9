internal import ArgumentParser
internal import Martlet

struct TopicDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a topic with all its records.")

    @Argument(help: "The topic.")
    var name: String

    @Flag(name: .long, help: "Succeed when there is no such topic.")
    var ifExists = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let isDeleted = try await client.withAdmin { admin in
            do {
                try await admin.deleteTopic(name)
                return true
            } catch let error as MartletError where ifExists && error.code == .refused(.unknownTopicOrPartition) {
                return false
            }
        }
        guard output.json else {
            return try StandardOutput.print(isDeleted ? "Deleted topic \(name).\n" : "There is no topic \(name).\n")
        }
        var object = JSONObject()
        object.add("topic", name)
        object.add("result", isDeleted ? "deleted" : "missing")
        try StandardOutput.print(object.line())
    }
}
