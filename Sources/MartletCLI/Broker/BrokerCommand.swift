import ArgumentParser
import MartletCLIKit

/// `martlet broker`: runs one, unless another word says what else to do.
struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Run a broker, or ask one how it is.",
        discussion: """
            `martlet broker` alone runs one, with the options that `martlet broker run --help` lists: --data DIR, --listen \
            HOST:PORT, --config FILE and others. `martlet broker --settings` lists every setting.

              martlet broker --data ./martlet-data --listen 127.0.0.1:7400
              martlet broker status
            """,
        subcommands: [BrokerRunCommand.self, BrokerStatusCommand.self],
        defaultSubcommand: BrokerRunCommand.self
    )
}
