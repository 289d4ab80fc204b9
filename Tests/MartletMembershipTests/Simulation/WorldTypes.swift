import MartletCore

@testable import Martlet
@testable import MartletBroker

/// What a run is made of.
struct WorldOptions {
    var members = 4
    var topics = 2
    var partitionsMax = 4
    /// How long faults are made, in milliseconds of simulated time.
    var chaosMs: Int64 = 15_000
    /// How long the world then gets to come to rest.
    var healingMs: Int64 = 12_000
    /// How long it must then stay there, and read.
    var quietMs: Int64 = 3_000
    /// More than that is a member or a coordinator that goes round in circles.
    var eventsMax = 100_000
    var plant: Plant?
}

/// A mistake built into the member, or into what surrounds it, to show that the checks see it.
enum Plant: String, CaseIterable {
    /// The session counts from the answer's arrival, not from the heartbeat's sending.
    case countsSessionFromTheAnswer
    /// The session never ends by itself.
    case neverDoubtsItsSession
    /// Revoked partitions are said to be let go of while the application still reads them.
    case letsGoBeforeTheApplication
    /// What is owned is told once.
    case tellsWhatItOwnsOnce
    /// A partition that comes back is begun where it was begun before.
    case remembersWhereItBegan
    /// A partition that is taken away is let go of without its last commit, which is made later under the next owner.
    case commitsForOthers
    /// A partition that was taken away is forgotten, but not let go of.
    case neverLetsGo
    /// The application goes on with what was revoked.
    case readsOnAfterRevocation
}

/// What a run may see: a run without it proves nothing.
enum Seen: CaseIterable, Sendable {
    case events, joins, losses, stuck, moves, deliveries, commits, refusedCommits, crashes, topicChanges, lostMessages
}

/// What a member asks the coordinator.
enum Request {
    case heartbeat(HeartbeatCall)
    case commit(CommitCall)
    case question(CommittedCall)
    case goodbye(GoodbyeCall)

    var id: UInt64 {
        switch self {
        case .heartbeat(let call): call.id
        case .commit(let call): call.id
        case .question(let call): call.id
        case .goodbye(let call): call.id
        }
    }
}

/// What happens in the world.
enum WorldEvent {
    /// A request reaches the coordinator, over a connection to one run of it.
    case arrive(Request, process: Int, term: Int)
    case answer(GroupAnswer, Request, process: Int)
    /// No answer came in time, or the connection broke.
    case noAnswer(Request, process: Int)
    case findCoordinator(process: Int)
    case wake(process: Int)
    case poll(process: Int)
    case durable(position: Int64, term: Int)
    case coordinatorWake(term: Int)
    case restartCoordinator
    case fault

    /// Whom a message comes from or goes to.
    var process: Int? {
        switch self {
        case .arrive(_, let process, _), .answer(_, _, let process), .noAnswer(_, let process),
            .findCoordinator(let process), .wake(let process), .poll(let process):
            process
        case .durable, .coordinatorWake, .restartCoordinator, .fault: nil
        }
    }
}
