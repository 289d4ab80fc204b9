import MartletBroker
import MartletCore
import MartletMetadata

/// A rule of RULES 32 broken on purpose, in the world around the state machines.
enum Plant: String, CaseIterable, Sendable {
    /// A new follower cuts to its high watermark instead of asking where the logs part (KIP-101).
    case truncatesToHighWatermark
    /// A follower appends where its log ends without asking.
    case appendsWithoutAsking
    /// A follower says that what it has appended is durable.
    case countsUnsynced
    /// Nobody compares registrations when a replica joins the in-sync set (KIP-841).
    case staleReplicaRejoins
    /// A replica that lost its tail keeps its place in the in-sync set (KIP-966).
    case lossyKeepsPlace
    /// A leader counts fetches of any epoch.
    case countsOldEpoch
    /// A repeated batch is acknowledged because it is there.
    case acknowledgesDuplicateEarly
    /// Who waits under one role is answered under the next.
    case waiterSurvivesDemotion
    /// An addition whose outcome is not known counts as failed.
    case unknownAdditionFailed
    /// A shrunken set counts before it is committed.
    case believesShrinkEarly
    /// A leader's change of the set overwrites whatever the metadata holds by then.
    case overwritesRecord
    /// A broker that restarts leads on at the epoch it led at.
    case restartsAtSameEpoch
    /// Readers see what is appended.
    case showsUncommitted
    /// Retention drops what is not committed.
    case cleansPastHighWatermark
}

struct WorldOptions: Sendable {
    var plant: Plant?
    /// Virtual time with faults, and after them, in milliseconds.
    var troubledMs = 45_000
    var healedMs = 25_000
    /// Prints what happens, for looking into one seed.
    var isTraced = false
}

/// What happened in a run. A run that saw none of it proves nothing (RULES 31).
struct WorldCounts: Sendable {
    var elections = 0
    var truncations = 0
    var resets = 0
    var shrinks = 0
    var expansions = 0
    var unknownOutcomes = 0
    var crashes = 0
    var powerLosses = 0
    var pauses = 0
    var cuts = 0
    var lossyStarts = 0
    var acknowledged = 0
    var duplicates = 0
    var reads = 0
    /// Ended without an in-sync replica, as they may when all of them lost their disks' tails.
    var offline = 0

    static func + (left: WorldCounts, right: WorldCounts) -> WorldCounts {
        var sum = left
        sum.elections += right.elections
        sum.truncations += right.truncations
        sum.resets += right.resets
        sum.shrinks += right.shrinks
        sum.expansions += right.expansions
        sum.unknownOutcomes += right.unknownOutcomes
        sum.crashes += right.crashes
        sum.powerLosses += right.powerLosses
        sum.pauses += right.pauses
        sum.cuts += right.cuts
        sum.lossyStarts += right.lossyStarts
        sum.acknowledged += right.acknowledged
        sum.duplicates += right.duplicates
        sum.reads += right.reads
        sum.offline += right.offline
        return sum
    }
}

/// A rule does not hold.
struct Violation: Error, CustomStringConvertible {
    var seed: UInt64
    var time: Int
    var rule: String

    var description: String { "seed \(seed), at \(time) ms: \(rule)" }
}

/// A broker of the world: its disk, and what its process knows.
final class SimulatedBroker {
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
        var asked: FollowerState.Position
        var number: Int
        var replica: ReplicaIdentity
        var epoch: LeaderEpoch
        var until: Int
    }

    let id: BrokerID
    var log: SimulatedLog
    /// Counts processes: what was planned for a former one does not happen.
    var run = 0
    var isUp = false
    /// Restarts take a while.
    var isStarting = false
    var isPaused = false
    var held: [() throws -> Void] = []
    /// What its disk may have lost when it went down.
    var isLossy = false

    var startEpoch: StartEpoch = 0
    var image = ClusterImage()
    var role = Role.none
    var sessionDeadline = 0
    var waiters: [Waiter] = []
    var parked: [ParkedFetch] = []
    /// Numbers its fetches: answers to others are late.
    var fetchNumber = 0
    var isSyncing = false

    init(id: BrokerID, syncs: Bool) {
        self.id = id
        log = SimulatedLog(syncs: syncs)
    }

    var identity: ReplicaIdentity { ReplicaIdentity(broker: id, startEpoch: startEpoch) }

    var leaderState: LeaderState? {
        if case .leader(let state) = role { state } else { nil }
    }
}
