import Martlet
import MartletCore
import MartletTestSupport
import Synchronization

/// Counts what a run has been through: a run in which little happened proves little (RULES 31). Any thread.
final class Watcher: Sendable {
    struct Counts: Sendable, CustomStringConvertible {
        /// Of the topic that is written to.
        var elections = 0
        var inSyncChanges = 0
        var coordinatorMoves = 0
        /// Told by the brokers' logs, not looked for here.
        var truncations = 0

        var description: String {
            "\(elections) elections, \(inSyncChanges) changes of in-sync replicas, \(truncations) truncations, "
                + "\(coordinatorMoves) moves of coordinators"
        }
    }

    private struct State {
        var counts = Counts()
        var epochs: [TopicPartition: LeaderEpoch] = [:]
        var inSync: [TopicPartition: Set<BrokerID>] = [:]
        var coordinators: [TopicPartition: BrokerID] = [:]
    }

    private let state = Mutex(State())
    var counts: Counts { state.withLock { $0.counts } }

    private static let offsets = "__consumer_offsets"

    /// Looks five times a second until it is cancelled.
    func watch(_ topic: String, _ client: ClientConfiguration) async {
        var hasty = client
        hasty.operationTimeout = .seconds(1)
        hasty.requestTimeout = .seconds(1)
        guard let admin = try? Admin(hasty, logger: .quiet) else { return }
        while !Task.isCancelled {
            for name in [topic, Self.offsets] {
                if let description = try? await admin.describeTopic(name) { note(description) }
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        admin.close()
    }

    private func note(_ topic: TopicInfo) {
        state.withLock { state in
            for partition in topic.partitions {
                let name = TopicPartition(topic: topic.name, partition: partition.partition)
                if topic.name == Self.offsets {
                    guard let leader = partition.leader else { continue }
                    if let before = state.coordinators.updateValue(leader, forKey: name), before != leader {
                        state.counts.coordinatorMoves += 1
                    }
                    continue
                }
                if let before = state.epochs.updateValue(partition.leaderEpoch, forKey: name) {
                    state.counts.elections += Int(max(0, partition.leaderEpoch - before))
                }
                let inSync = Set(partition.inSyncReplicas)
                if let before = state.inSync.updateValue(inSync, forKey: name), before != inSync {
                    state.counts.inSyncChanges += 1
                }
            }
        }
    }
}
