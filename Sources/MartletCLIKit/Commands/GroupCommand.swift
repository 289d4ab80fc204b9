package import ArgumentParser

/// `martlet group`: everything about consumer groups.
package struct GroupCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Look at consumer groups, see how far behind they are, set their offsets, delete them.",
        discussion: """
            A group comes to be with its first member, `martlet consume TOPIC --group G`, and is kept for as long as \
            its offsets are.
            """,
        subcommands: [
            GroupListCommand.self, GroupDescribeCommand.self, GroupResetOffsetsCommand.self, GroupAlterCommand.self,
            GroupDeleteCommand.self,
        ]
    )

    package init() {}
}
