import ArgumentParser
import MartletCLIKit
import MartletServer

/// `martlet`: the broker, and everything one does with it at a command line.
@main
struct MartletCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "A durable, partitioned log: the broker and its command line.",
        discussion: """
            Commands that talk to a broker take --broker HOST:PORT, before or behind their names, or MARTLET_BROKER from \
            the environment. Exit codes: 0 done, 1 refused or failed, 2 usage.

              martlet broker --data ./martlet-data
              martlet topic create orders --partitions 3
              echo '4711:paid' | martlet produce orders --key-separator :
              martlet consume orders --exit-at-end --format '%k %v\\n'
            """,
        version: Version.current,
        subcommands: [
            BrokerCommand.self, ClusterCommand.self, TopicCommand.self, ProduceCommand.self, ConsumeCommand.self,
            GroupCommand.self, LogCommand.self,
        ]
    )

    static func main() async {
        StandardDescriptors.occupy()
        CommandRunner.exit(await CommandRunner.run(MartletCommand.self))
    }
}
