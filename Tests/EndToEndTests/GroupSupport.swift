import Martlet
import Synchronization

extension LiveBroker {
    /// A member of a group that begins at the beginning, commits at every poll and is heard from soon.
    func member(
        of group: String = "g", _ change: (inout ConsumerConfiguration, inout ConsumerGroup) -> Void = { _, _ in }
    ) throws -> Consumer {
        try Consumer(memberConfiguration(of: group, change), logger: quiet)
    }

    func memberConfiguration(
        of group: String = "g", _ change: (inout ConsumerConfiguration, inout ConsumerGroup) -> Void = { _, _ in }
    ) -> ConsumerConfiguration {
        var configuration = ConsumerConfiguration(client: client)
        var settings = ConsumerGroup(group)
        settings.commits = .automatic(every: .milliseconds(1))
        configuration.reset = .earliest
        change(&configuration, &settings)
        configuration.group = settings
        return configuration
    }
}

/// What members of a group have seen, gathered over all their tasks.
final class Sightings: Sendable {
    private let state = Mutex<[String: Int]>([:])

    func note(_ value: String) { state.withLock { $0[value, default: 0] += 1 } }

    var counts: [String: Int] { state.withLock { $0 } }
}

/// Records what a consumer is told about its partitions.
final class HookLog {
    var entries: [String] = []

    func watch(_ consumer: Consumer) {
        consumer.onAssigned = { [weak self] _, partitions in
            self?.entries.append("assigned \(partitions.map(\.partition).sorted())")
        }
        consumer.onRevoked = { [weak self] _, partitions in
            self?.entries.append("revoked \(partitions.map(\.partition).sorted())")
        }
        consumer.onLost = { [weak self] _, partitions in
            self?.entries.append("lost \(partitions.map(\.partition).sorted())")
        }
    }
}
