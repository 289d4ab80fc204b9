internal import MartletCore

/// Calls to leaders that wait for an answer, and what to do about a leader that is silent: a process that stands still
/// keeps its connections, and so does a host that is gone, while its partitions get a new leader. Pure; the time is a
/// parameter.
struct SilenceWatch: Sendable {
    /// How long a leader may take beyond what it was allowed to, before others are asked whether it still is one.
    static let patience = Duration.milliseconds(1_500)
    /// How long it takes between two such questions.
    static let interval = Duration.seconds(1)

    private struct Call: Sendable {
        var broker: BrokerID
        var dueAt: MonotonicTime
        var partitions: @Sendable () -> [TopicPartition: LeaderEpoch]
    }

    private var calls: [UInt64: Call] = [:]
    private var lastCall: UInt64 = 0
    private var notBefore = MonotonicTime(nanoseconds: .min)
    private var isAsking = false

    /// - Parameters:
    ///   - allowed: How long the leader may wait on purpose.
    ///   - partitions: What is asked of it, at which leader epoch; looked at only if it is silent.
    /// - Returns: To be handed to ``ended(_:)``.
    mutating func began(
        at broker: BrokerID, allowed: Duration, now: MonotonicTime,
        partitions: @escaping @Sendable () -> [TopicPartition: LeaderEpoch]
    ) -> UInt64 {
        lastCall += 1
        calls[lastCall] = Call(broker: broker, dueAt: now + allowed + Self.patience, partitions: partitions)
        return lastCall
    }

    mutating func ended(_ call: UInt64) {
        calls[call] = nil
    }

    /// When ``takeDue(now:)`` is due; nil: nothing is waited for. O(calls).
    var nextMoment: MonotonicTime? {
        guard !isAsking, let due = calls.values.map(\.dueAt).min() else { return nil }
        return max(due, notBefore)
    }

    /// The topics to ask about, and the brokers not to ask; nil: nobody is silent.
    mutating func takeDue(now: MonotonicTime) -> (topics: Set<String>, silent: Set<BrokerID>)? {
        guard !isAsking, notBefore <= now else { return nil }
        let overdue = calls.values.filter { $0.dueAt <= now }
        guard !overdue.isEmpty else { return nil }
        isAsking = true
        return (Set(overdue.flatMap { $0.partitions().keys.map(\.topic) }), Set(overdue.map(\.broker)))
    }

    /// What others say, nothing if they could not be asked.
    ///
    /// - Returns: Brokers that are silent and have been replaced: connections to them are to be given up.
    mutating func heard(_ lookups: [String: TopicLookup], now: MonotonicTime) -> Set<BrokerID> {
        isAsking = false
        notBefore = now + Self.interval
        let overdue = calls.values.filter { $0.dueAt <= now }
        return Set(
            overdue.filter { call in
                call.partitions().contains { partition, epoch in
                    guard case .success(let topic)? = lookups[partition.topic],
                        topic.partitions.indices.contains(Int(partition.partition))
                    else { return false }
                    let image = topic.partitions[Int(partition.partition)]
                    return image.leaderEpoch > epoch || image.leader.map { $0 != call.broker } ?? false
                }
            }
            .map(\.broker))
    }
}
