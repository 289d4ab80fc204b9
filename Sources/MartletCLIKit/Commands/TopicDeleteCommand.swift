internal import ArgumentParser
internal import Martlet

struct TopicDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a topic with all its records.")

    @Argument(help: "The topic.")
    var name: String

    @OptionGroup var options: DeleteOptions

    func run() async throws {
        try await options.delete("topic", name, missing: .unknownTopicOrPartition) {
            (admin) async throws(MartletError) in
            try await admin.deleteTopic(name)
        }
    }
}
