import ArgumentParser
import MartletCLIKit

/// `martlet broker`: runs one, unless another word says what else to do.
struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Run a broker, or ask one how it is.",
        subcommands: [BrokerRunCommand.self, BrokerStatusCommand.self],
        defaultSubcommand: BrokerRunCommand.self
    )
}
