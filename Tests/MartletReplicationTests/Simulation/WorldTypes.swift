import MartletCore
import MartletMetadata
import SimulationKit

/// Milliseconds of simulated time.
typealias WorldTime = Int64

/// A rule broken on purpose (RULES 32), in the world around the state machines.
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
    /// A start that died before its replicas had left the in-sync sets takes with it what it knew of their losses.
    case forgetsLoss
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
    /// A replica that moves away takes no leader epoch with it: what it said counts for the one made in its place.
    case removedReplicaCountsOn
    /// A replica that begins anew says so to nobody: what its leader knows of its former log counts for the new one.
    case beginsAnewUnseen
    /// A replica whose log is beyond repair begins anew at once, whatever set it is in.
    case beginsAnewUnasked
    /// A replica begins anew because it was allowed to, whatever has happened since.
    case copiesTwice
    /// A replica that cannot be repaired stays as it is.
    case staysDamaged
    /// A controller's transactions do not compare its own record.
    case controllerIsNotFenced
    /// A controller's transactions do not compare what they change.
    case controllerOverwrites
    /// A controller elects a replica that is not in sync.
    case controllerElectsOutsider
    /// A controller elects a new leader and leaves the epoch as it is.
    case controllerKeepsEpoch
    /// A controller leaves nobody but the leader in sync.
    case controllerCutsTooFar
    /// A controller declares brokers dead as soon as their sessions end.
    case controllerIsHasty
    /// A broker hears no answer to its greetings, nor do those that it asks, and replaces a live controller again and
    /// again.
    case hearsNoGreeting
    /// A broker that does not reach the controller replaces it without asking others.
    case challengerAsksNobody
    /// A broker takes the time in which it stood still itself for the silence of others.
    case countsOwnStandstill

    /// The hundred seeds within which it must be found. The rarest ones are met early in other hundreds than the first,
    /// which saves a minute of every run.
    var seeds: ClosedRange<UInt64> {
        switch self {
        case .removedReplicaCountsOn: 101...200
        case .copiesTwice: 601...700
        case .countsOldEpoch, .unknownAdditionFailed: 61...160
        default: 1...100
        }
    }
}

struct WorldOptions: Sendable {
    var plant: Plant?
    /// Virtual time with faults, and after them.
    var troubledMs: WorldTime = 40_000
    var healedMs: WorldTime = 25_000
    /// Prints what happens, for looking into one seed.
    var isTraced = false
}

/// What is counted, so that a run without it fails (RULES 31).
enum Seen: CaseIterable, Sendable {
    case elections, truncations, resets, shrinks, expansions, acknowledged, duplicates, reads
    case crashes, powerLosses, lossyStarts, emptyDisks, tornDisks, cleanStops, pauses, cuts, clockLeaps
    case unknownOutcomes, outages, lostSessions, feedGaps, feedStalls
    /// Brokers that became the controller, those of them that deposed another, attempts to replace one that was silent,
    /// and controllers that died while one of several transactions was on its way.
    case reigns, depositions, challenges, brokenBatches
    /// Brokers that a controller declared dead.
    case deaths
    /// Leaders that answered nobody and had a session, and lost partitions for it.
    case reliefs
    case reassignments, finishedMoves, cancelledMoves, drains, orderedElections, uncleanElections, moveRequests
    /// Batches that were damaged at rest, those of them that other replicas' replaced, and replicas that began anew.
    case damages, repairs, copies
    /// Failed writes, and replicas that left the in-sync set for them.
    case failedWrites, withdrawals
    /// Partitions that ended with records that no replica has a sound copy of, as they may when disks were lost, too.
    case unreadable
    /// Partitions that ended without a member of the in-sync set, as they may when all of them lost their disks.
    case offline
}

/// On whose behalf the store is changed.
enum Writer {
    case controller(BrokerID, reign: Revision?)
    /// A leader, about who is in sync.
    case leader
    /// A broker, about itself.
    case broker
    /// An operator, through any broker.
    case order
    /// The store itself, about sessions.
    case store
}

enum StoreAnswer: Equatable {
    case committed(Revision)
    case conflict
    /// It may be committed, now or later.
    case unknown
}

/// A direction between two brokers, or a broker and the store.
struct Link: Hashable {
    static let store: BrokerID = -1

    var from: BrokerID
    var to: BrokerID
}
