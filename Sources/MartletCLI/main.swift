import ArgumentParser
struct BrokerGroup: AsyncParsableCommand { static let configuration = CommandConfiguration(commandName: "broker", subcommands: [BrokerRunCommand.self], defaultSubcommand: BrokerRunCommand.self) }
struct Root: AsyncParsableCommand { static let configuration = CommandConfiguration(commandName: "martlet", subcommands: [BrokerGroup.self]) }
let task = Task { await Root.main() }
await task.value
