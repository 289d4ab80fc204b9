package import ArgumentParser

/// What `martlet cluster` does by asking brokers.
package enum ClusterCommands {
    package static let all: [any ParsableCommand.Type] = [
        ClusterStatusCommand.self, ClusterConfigCommand.self, ClusterReassignCommand.self, ClusterDrainCommand.self,
        ClusterElectLeadersCommand.self, ClusterRemoveCommand.self,
    ]
}

/// `TOPIC` or `TOPIC:PARTITION`, as commands about partitions take it.
struct PartitionArgument: ExpressibleByArgument, Hashable {
    var topic: String
    /// Nil: all of the topic's.
    var partition: Int32?

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":") else {
            guard !argument.isEmpty else { return nil }
            topic = argument
            return
        }
        guard colon != argument.startIndex, let number = Int32(argument[argument.index(after: colon)...]), number >= 0
        else { return nil }
        topic = String(argument[..<colon])
        partition = number
    }
}

/// Numbers of brokers with commas between: `1,2,3`.
struct BrokerList: ExpressibleByArgument, Hashable {
    var ids: [Int32]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) }
        guard !parts.contains(where: { $0 == nil || $0! < 0 }) else { return nil }
        ids = parts.compactMap(\.self)
    }

    static func text(_ ids: [Int32]) -> String {
        ids.isEmpty ? "none" : ids.map { "\($0)" }.joined(separator: ",")
    }
}
