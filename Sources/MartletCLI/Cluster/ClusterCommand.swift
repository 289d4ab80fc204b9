import ArgumentParser
import MartletCLIKit

/// `martlet cluster`: what an operator sees of a cluster, and does with it.
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Look at a cluster, change its settings, move its replicas and leaders.",
        subcommands: ClusterCommands.all + [ClusterAdoptCommand.self, ClusterRecoverCommand.self]
    )
}
