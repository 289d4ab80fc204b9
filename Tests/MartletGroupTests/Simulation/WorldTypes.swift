import MartletCore

@testable import MartletBroker

/// What a run is made of.
struct WorldOptions {
    var members = 4
    var topics = 2
    var partitionsMax = 4
    var assignor = AssignorName.uniform
    /// How long faults are made, in milliseconds of simulated time.
    var chaosMs: GroupTime = 15_000
    /// How long the world then gets to come to rest.
    var healingMs: GroupTime = 12_000
    /// How long it has for a last change of topics.
    var settlingMs: GroupTime = 2_000
    /// How long it must then stay there.
    var quietMs: GroupTime = 2_000
    var plant: Plant?
}

/// A mistake built into the coordinator's surroundings that makes it break a rule, to show that the checks see it.
enum Plant: String, CaseIterable {
    /// Answers go out before their records are synced.
    case revealsBeforeDurable
    /// A member that was told to let go is believed to have done so.
    case takesSilenceForRelease
    /// A commit is taken as if the present owner had sent it.
    case acceptsCommitsOfFormerOwners
    /// Every commit counts as the newest.
    case ignoresCommitSequences
    /// The current assignment is not written.
    case forgetsCurrentAssignments
    /// Nobody is ever put out.
    case neverLooksAtTheClock
    /// A topic's new partitions are not noticed.
    case ignoresTopicChanges
    /// A member that does not hear an answer is fenced when it asks again.
    case fencesRepeats
}

/// What a run may see: a run without it proves nothing.
enum Seen: CaseIterable, Sendable {
    case joins, fences, moves, commits, refusedCommits, crashes, topicChanges, lostMessages, events
}

/// What happens next in the world.
enum WorldEvent {
    case request(GroupRequest, from: Int, call: Int, connection: Int)
    case answer(GroupAnswer, to: Int, call: Int, about: GroupRequest)
    /// The member's application polls.
    case poll(member: Int)
    /// The member looks whether it has to send a heartbeat, or has lost its session.
    case look(member: Int)
    case sync(count: Int, connection: Int)
    case wake(connection: Int)
    case restart
    case fault
}

/// What a member sends.
enum GroupRequest {
    case heartbeat(GroupHeartbeat)
    case leave(GroupLeave)
    case commit(OffsetCommit)
    case fetch([TopicIDPartition], memberID: String)
}
