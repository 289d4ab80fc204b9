package import ArgumentParser

/// `martlet topic`: everything about topics.
package struct TopicCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "topic",
        abstract: "Create, look at, change and delete topics.",
        subcommands: [
            TopicCreateCommand.self, TopicListCommand.self, TopicDescribeCommand.self, TopicOffsetsCommand.self,
            TopicAlterCommand.self, TopicDeleteRecordsCommand.self, TopicDeleteCommand.self,
        ]
    )

    package init() {}
}
