package import ArgumentParser

/// `martlet log`: a data directory's files, without a broker.
package struct LogCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Look into the files of a data directory, and repair them.",
        subcommands: [LogInspectCommand.self, LogRepairCommand.self])

    package init() {}
}
