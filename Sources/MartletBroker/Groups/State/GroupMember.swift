internal import MartletCore

/// One member as its coordinator knows it.
struct GroupMember: Sendable {
    /// A heartbeat that waits for something to change.
    struct Parked: Sendable, Equatable {
        let token: GroupToken
        let deadline: GroupTime
        /// The version that the member has.
        let version: Int64
    }

    var facts: MemberFacts
    var target: Set<TopicIDPartition> = []
    var assignment = MemberAssignment()

    // What follows is not kept: whoever loads the group gives every member its full time again.

    /// When the member is taken for dead.
    var sessionDeadline: GroupTime = .max
    var revocationDeadlines: [TopicIDPartition: GroupTime] = [:]
    var parked: Parked?
    /// Of the last append with something of this member's in it that its heartbeats confirm.
    var position: Int64 = 0
    /// For when the group's heap has an entry that counts.
    var armed: GroupTime?

    init(facts: MemberFacts) {
        self.facts = facts
    }

    /// When something is due with this member.
    var nextDeadline: GroupTime {
        var next = min(sessionDeadline, parked?.deadline ?? .max)
        if !revocationDeadlines.isEmpty { next = min(next, revocationDeadlines.values.min() ?? .max) }
        return next
    }

    /// It has what it is to have, and nothing else.
    var isSettled: Bool {
        assignment.revoking.isEmpty && assignment.assigned.count == target.count
            && assignment.assigned.keys.allSatisfy(target.contains)
    }

    /// What it has or has not let go of.
    var held: some Sequence<TopicIDPartition> {
        [assignment.assigned.keys.map { $0 }, assignment.revoking.keys.map { $0 }].joined()
    }

    func holds(_ partition: TopicIDPartition) -> Bool {
        assignment.assigned[partition] != nil || assignment.revoking[partition] != nil
    }
}
