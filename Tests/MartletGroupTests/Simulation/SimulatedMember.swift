import MartletCore

@testable import MartletBroker

/// A consumer as the protocol wants it: what it knows, what it reads, and what it waits for. The world drives it.
struct SimulatedMember {
    struct Call {
        var id: Int
        var sentAt: GroupTime
        var subscription: GroupSubscription?
    }

    let index: Int
    let instanceID: String?
    var subscription: GroupSubscription
    /// What the coordinator certainly knows.
    var toldSubscription: GroupSubscription?
    var incarnation = 0
    var isAlive = true
    /// The process stands still; what comes meanwhile waits.
    var pausedUntil: GroupTime = 0
    /// The application does not poll before this: revocations wait.
    var stuckUntil: GroupTime = 0
    /// It was told that another process has its instance id.
    var isRetired = false

    var epoch: Int32 = 0
    var version: Int64 = 0
    /// What the coordinator last said is its own.
    var assigned: Set<TopicIDPartition> = []
    /// What it reads, with the next record; nil: it has yet to ask where to begin.
    var positions: [TopicIDPartition: Offset?] = [:]
    var heartbeat: Call?
    var commitSequence: Int64 = 0
    /// Of the last heartbeat that was answered: the session counts from it.
    var provenAt: GroupTime = 0

    init(index: Int, instanceID: String?, subscription: GroupSubscription) {
        self.index = index
        self.instanceID = instanceID
        self.subscription = subscription
    }

    var id: String { "member-\(index)-\(incarnation)" }
    var owned: Set<TopicIDPartition> { Set(positions.keys) }

    /// Everything is lost: nothing is read or committed any more. The next join is under a new id.
    mutating func lose(at now: GroupTime) {
        incarnation += 1
        epoch = 0
        version = 0
        assigned = []
        toldSubscription = nil
        positions = [:]
        heartbeat = nil
        commitSequence = 0
        provenAt = now
    }
}
