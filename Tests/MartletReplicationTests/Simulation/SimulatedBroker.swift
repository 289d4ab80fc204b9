import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

/// A broker of the world: its replicas, and what its process knows.
final class SimulatedBroker {
    enum Phase {
        case down
        /// Registers, leaves the in-sync sets that it may not be in, lifts its fence.
        case starting
        case running
        /// Hands over what it leads, then stops.
        case stopping
    }

    let id: BrokerID
    var replicas: [SimulatedReplica] = []
    var phase = Phase.down
    /// Counts processes: what was planned for a former one does not happen.
    var run = 0
    var isPaused = false
    var held: [() throws -> Void] = []
    /// The machine is off, not just the process: nothing refuses connections.
    var isMachineDown = false

    var startEpoch: StartEpoch = 0
    var image = ClusterImage()
    /// How much of the store's history its image holds.
    var seen = 0
    /// Nothing comes from the feed before.
    var feedStallsUntil: WorldTime = 0
    /// Numbers the logs that its replicas have had in this run.
    var logsBegun: Int32 = 0
    var controller: ControllerMachine?
    /// When the controller wants to be woken, so that it is once.
    var controllerWakeAt: WorldTime?
    /// On its own clock.
    var sessionDeadline: WorldTime = 0
    var sessionMissedSince: WorldTime?
    /// When its clock leapt ahead, and how far.
    var leaps: [(at: WorldTime, by: WorldTime)] = []

    init(id: BrokerID) {
        self.id = id
    }

    var isUp: Bool { phase != .down }
    var isServing: Bool { phase == .running || phase == .stopping }
    var identity: ReplicaIdentity { ReplicaIdentity(broker: id, startEpoch: startEpoch) }
    var currentRun: PartitionLeader { PartitionLeader(broker: id, startEpoch: startEpoch) }

    /// What its clock shows at `time`: monotonic, with an origin and leaps of its own.
    func clock(at time: WorldTime) -> WorldTime {
        leaps.reduce(time + WorldTime(id) * 100_000) { $1.at <= time ? $0 + $1.by : $0 }
    }
}

/// A replica of a partition on a broker: its log, and what the process does with it.
final class SimulatedReplica {
    enum Role {
        case none
        case leader(LeaderState)
        case follower(FollowerState)
    }

    struct Waiter {
        var reach: Offset
        var epoch: LeaderEpoch
        var id: Int
        var producer: Int
    }

    struct ParkedFetch {
        var fetch: SimulatedFetch
        var until: WorldTime
    }

    unowned let broker: SimulatedBroker
    let index: Int
    let id: TopicIDPartition
    var log: SimulatedLog
    /// It has a directory.
    var isThere = false
    /// Of its log, in this run of the broker: what was said of a former one means nothing for it.
    var incarnation: Int32 = 0
    /// What the leader was told last.
    var told = ReplicaStatement(condition: .sound, incarnation: 0)
    /// What is damaged of its log cannot be replaced in place.
    var isBeyondRepair = false
    /// The leader has sent it something damaged.
    var foundDamage = false
    /// A write has failed: the log is of no use until the broker starts again.
    var isOffline = false
    /// It may lack what it had said to be durable, and has not left the in-sync set since.
    var isLossy = false
    var role = Role.none
    var waiters: [Waiter] = []
    var parked: [ParkedFetch] = []
    /// Numbers its fetches: answers to others are late.
    var fetchNumber = 0
    var isSyncing = false
    /// For the checks: up to here its log was found to be what is committed, and has not changed since.
    var verified: Offset = 0

    init(_ id: TopicIDPartition, on broker: SimulatedBroker, syncs: Bool) {
        self.broker = broker
        self.id = id
        index = Int(id.partition)
        log = SimulatedLog(syncs: syncs)
    }

    var leaderState: LeaderState? {
        if case .leader(let state) = role { state } else { nil }
    }

    func truncate(to offset: Offset) {
        log.truncate(to: offset)
        verified = min(verified, log.logEndOffset)
    }

    func reset(to offset: Offset) {
        log.reset(to: offset)
        verified = 0
    }

    /// The directory is gone: with a disk, or set aside when the replica moved elsewhere.
    func lose() {
        log = SimulatedLog(syncs: log.syncs)
        isThere = false
        isBeyondRepair = false
        verified = 0
    }

    /// What the process had in memory goes with it.
    func forget() {
        role = .none
        waiters = []
        parked = []
        isSyncing = false
        isBeyondRepair = false
        foundDamage = false
        isOffline = false
    }

    var statement: ReplicaStatement { ReplicaStatement(condition: condition, incarnation: incarnation) }

    /// As it tells its leader, or acts upon when it leads.
    var condition: ReplicaCondition {
        guard log.damage.isKnown else { return .sound }
        return isBeyondRepair ? .toBeCopied : .underRepair
    }
}
