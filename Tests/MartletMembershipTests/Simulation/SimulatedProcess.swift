import MartletCore

@testable import Martlet

/// One consumer: the membership under test, and an application that reads and remembers where it is.
struct SimulatedProcess {
    let index: Int
    let instanceID: String?
    var machine: GroupMembership
    var isAlive = true
    /// The process stands still; what comes meanwhile waits.
    var pausedUntil: Int64 = 0
    /// Nothing that it sends arrives, nor does an answer.
    var cutOffUntil: Int64 = 0
    /// The application does not poll before this.
    var stuckUntil: Int64 = 0
    /// Which run of the coordinator it has found.
    var term = -1
    /// What the application reads, with its place.
    var positions: [TopicPartition: Offset] = [:]
    /// Where partitions were begun, for a plant.
    var begun: [TopicIDPartition: Offset] = [:]
    /// What was let go of, for a plant.
    var leftBehind: [TopicIDPartition: Offset] = [:]
    /// Another process has its instance id.
    var isRetired = false
    /// Calls without an answer yet.
    var waiting: Set<UInt64> = []
    /// The next moments at which it wakes, so that each is scheduled once.
    var wakeAt: Int64 = .max

    init(index: Int, instanceID: String?, maxPollMs: Int64, seed: UInt64) {
        self.index = index
        self.instanceID = instanceID
        var settings = ConsumerGroup("simulated")
        settings.instanceID = instanceID
        settings.commits = .automatic(every: .milliseconds(300))
        settings.maxPollInterval = .milliseconds(maxPollMs)
        machine = GroupMembership(
            settings: settings, idPrefix: "member-\(index)",
            backoff: Backoff(first: .milliseconds(20), most: .milliseconds(500)),
            requestTimeout: .milliseconds(2_000), seed: seed)
    }

    /// The id of a partition that it holds.
    func id(of partition: TopicPartition) -> TopicIDPartition? {
        machine.held.first { $0.value.topicPartition == partition }?.key
    }

    /// Whether it would hand out records of this partition if it were asked now.
    func wouldDeliver(_ partition: TopicIDPartition, at now: MonotonicTime) -> Bool {
        guard isAlive, !isRetired, machine.held[partition]?.stage == .reading else { return false }
        return machine.sessionEnd.map { now < $0 } ?? false
    }
}
