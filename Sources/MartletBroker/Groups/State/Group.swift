internal import MartletCore

/// One consumer group: a state machine that takes events and the time, and returns actions. It has no clock, does no
/// I/O and makes no random choice, so that histories can be played again from a seed. Runs wherever its owner runs.
///
/// The life of a partition (the shape of Kafka's KIP-848, made strict):
///
/// - Any change of members, subscriptions or topics raises the group epoch and makes a new target assignment.
/// - What a member has and is not to have is *revoked*: it still holds it, and its commits count, until a heartbeat
///   that has seen the revocation lists it no more, or until its deadline, past which the member is put out.
/// - What a member is to have and nobody holds is *assigned* at the current group epoch, in answer to a heartbeat: so a
///   member is never more than one epoch behind, and one that lost an answer is answered again.
/// - A member moves on to the newest epoch when it has nothing left to let go of. Those who keep what they have hear of
///   a new epoch with their next heartbeat; nobody waits for anybody.
///
/// So no two members hold a partition at one epoch: whoever held it at epoch e was told to let go, or put out, by an
/// epoch above e, and the next holder has it at that epoch at least.
///
/// Changes are made at once and their records returned for appending; answers are held until everything that they could
/// have been influenced by is durable (RULES 24). A heartbeat that brings no news is influenced by its member's own
/// records and the settings only: a slow disk costs no session because others join or commit.
package struct Group: Sendable {
    package let name: String
    var facts = GroupFacts()
    /// Something of this group is, or is about to be, in the log under the group's own key.
    var isKept = false
    var members: [String: GroupMember] = [:]
    /// Instance id -> member id.
    var instances: [String: String] = [:]
    /// Who holds a partition.
    var owners: [TopicIDPartition: String] = [:]
    /// Whose target a partition is in.
    var heirs: [TopicIDPartition: String] = [:]
    package internal(set) var offsets = GroupOffsets()
    private var deadlines = MinHeap<String>()
    private var appended: Int64 = 0
    private var durable: Int64 = 0
    /// The position of the last change of settings, which every heartbeat is told.
    private var settingsPosition: Int64 = 0
    /// Answers and the position that they wait for, in its order.
    private var waiting: [(position: Int64, token: GroupToken, answer: GroupAnswer)] = []

    package init(name: String) {
        self.name = name
    }

    /// When to send `.timePassed` at the latest; nil: not at all.
    package var nextDeadline: GroupTime? { deadlines.first }

    /// There is nothing to remember, in the log or here.
    package var isVacant: Bool {
        !exists && waiting.isEmpty && appended == durable
    }

    /// Members, offsets or settings: what a deleted group has not, though its deletion may not be durable yet.
    var exists: Bool { !members.isEmpty || !offsets.isEmpty || isKept }

    package var memberCount: Int { members.count }

    package var assignor: AssignorName { facts.assignor }

    /// O(members) in a group that is not stable.
    package var state: GroupState {
        if members.isEmpty { return .empty }
        return members.values.allSatisfy(\.isSettled) ? .stable : .reconciling
    }

    package mutating func handle(_ event: GroupEvent, in context: GroupContext) -> [GroupAction] {
        var turn = GroupTurn(context: context)
        switch event {
        case .heartbeat(let heartbeat, let token): take(heartbeat, token, &turn)
        case .leave(let leave, let token): take(leave, token, &turn)
        case .commit(let commit, let token): take(commit, token, &turn)
        case .fetchOffsets(let partitions, let token): turn.answer(token, .offsets(fetch(partitions)))
        case .describe(let token): turn.answer(token, exists ? .description(description) : .failure(notFound))
        case .delete(let token): delete(token, &turn)
        case .alter(let settings, let token): alter(settings, token, &turn)
        case .abandoned(let token): abandon(token)
        case .timePassed: passTime(&turn)
        case .topicsChanged: takeTopics(&turn)
        case .expireOffsets(let retentionMs): expireOffsets(retentionMs, &turn)
        case .durable(let position): durable = max(durable, position)
        }
        return finish(&turn)
    }

    // MARK: The end of a turn

    /// Settles what the event set in motion, answers who is to hear of it, and returns what is to be done.
    private mutating func finish(_ turn: inout GroupTurn) -> [GroupAction] {
        for id in turn.touched.sorted() {
            guard let member = members[id] else { continue }
            turn.records.append(GroupRecord(.current(group: name, member: id), .current(member.assignment)))
            if let parked = member.parked, parked.version != member.assignment.version {
                members[id]?.parked = nil
                turn.answer(parked.token, answer(to: member, from: parked.version))
            }
        }
        if turn.factsChanged {
            isKept = true
            turn.records.append(GroupRecord(.group(name), .group(facts)))
        }
        for id in turn.touched.union(turn.rearm) { arm(id) }
        var actions: [GroupAction] = []
        if !turn.records.isEmpty {
            appended += 1
            notePositions(turn)
            actions.append(.append(turn.records, position: appended))
        }
        for answer in turn.answers { hold(answer) }
        let released = waiting.firstIndex { $0.position > durable } ?? waiting.endIndex
        actions += waiting[..<released].map { .answer($0.token, $0.answer) }
        waiting.removeFirst(released)
        return actions
    }

    private mutating func notePositions(_ turn: GroupTurn) {
        if turn.settingsChanged { settingsPosition = appended }
        for record in turn.records {
            switch record.key {
            case .member(_, let id), .current(_, let id): members[id]?.position = appended
            case .group, .target, .offset: break
            }
        }
    }

    private mutating func hold(_ answer: GroupTurn.Answer) {
        var position = appended
        if let member = answer.withoutNewsTo.flatMap({ members[$0] }) {
            position = max(member.position, settingsPosition)
        }
        let place = waiting.lastIndex { $0.position <= position }.map { $0 + 1 } ?? 0
        waiting.insert((position, answer.token, answer.answer), at: place)
    }

    func answer(to member: GroupMember, from version: Int64) -> GroupAnswer {
        .heartbeat(
            HeartbeatAnswer(
                memberEpoch: member.assignment.epoch, assignmentVersion: member.assignment.version,
                assignment: version == member.assignment.version ? nil : Set(member.assignment.assigned.keys),
                sessionTimeout: facts.settings.sessionTimeout, heartbeatInterval: facts.settings.heartbeatInterval))
    }

    // MARK: Time

    /// Makes sure that the heap knows the member's next deadline. An entry that is early is put right when it comes up.
    private mutating func arm(_ id: String) {
        guard let member = members[id] else { return }
        let due = member.nextDeadline
        guard due < member.armed ?? .max else { return }
        members[id]?.armed = due
        deadlines.insert(id, at: due)
    }

    private mutating func passTime(_ turn: inout GroupTurn) {
        var isSmaller = false
        while let (due, id) = deadlines.pop(upTo: turn.context.now) {
            guard let member = members[id], member.armed == due else { continue }
            members[id]?.armed = nil
            turn.rearm.insert(id)
            if let parked = member.parked, parked.deadline <= turn.context.now {
                members[id]?.parked = nil
                // News would have been told when it came.
                turn.answer(parked.token, answer(to: member, from: parked.version), withoutNewsTo: id)
            }
            if let reason = reasonToPutOut(member, at: turn.context.now) {
                putOut(id, why: reason, &turn)
                isSmaller = true
            }
        }
        // Once for all that went: a member hears of one epoch at a time.
        if isSmaller { rebalance(&turn) }
    }

    private func reasonToPutOut(_ member: GroupMember, at now: GroupTime) -> String? {
        if member.sessionDeadline <= now {
            return "no heartbeat came for the session timeout of \(facts.settings.sessionTimeout) ms"
        }
        guard
            let (partition, deadline) = member.revocationDeadlines.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }),
            deadline <= now
        else { return nil }
        return "it did not let \(partition) go within its rebalance timeout of \(member.facts.rebalanceTimeout) ms"
    }

    private mutating func abandon(_ token: GroupToken) {
        waiting.removeAll { $0.token == token }
        for (id, member) in members where member.parked?.token == token { members[id]?.parked = nil }
    }

    // MARK: Loading

    /// Takes up one record of the log, in its order. Only before the first event.
    package mutating func restore(_ record: GroupRecord) {
        switch (record.key, record.value) {
        case (.offset(_, let partition), .offset(let offset)): offsets.set(partition, to: offset)
        case (.offset(_, let partition), _): offsets.remove(partition)
        case (.group, .group(let facts)):
            self.facts = facts
            isKept = true
        case (.group, _):
            facts = GroupFacts()
            isKept = false
        case (.member(_, let id), .member(let facts)): restore(id) { $0.facts = facts }
        case (.member(_, let id), _): members[id] = nil
        case (.target(_, let id), .target(let target)): restore(id) { $0.target = target }
        case (.target(_, let id), _): members[id]?.target = []
        case (.current(_, let id), .current(let assignment)): restore(id) { $0.assignment = assignment }
        case (.current(_, let id), _): members[id]?.assignment = MemberAssignment()
        }
    }

    private mutating func restore(_ id: String, _ change: (inout GroupMember) -> Void) {
        change(&members[id, default: GroupMember(facts: MemberFacts())])
    }

    /// Begins to serve what was restored, all of which is durable: every member gets a full session and full time to
    /// let go, and what changed in the world meanwhile is caught up with.
    package mutating func finishRestoring(in context: GroupContext) -> [GroupAction] {
        var turn = GroupTurn(context: context)
        for (id, member) in members {
            var member = member
            let timeouts = GroupLimits.rebalanceTimeoutMs
            let timeout = min(max(member.facts.rebalanceTimeout, timeouts.lowerBound), timeouts.upperBound)
            member.facts.rebalanceTimeout = timeout
            member.sessionDeadline = context.now + facts.settings.sessionTimeout
            member.revocationDeadlines = member.assignment.revoking.mapValues { _ in context.now + timeout }
            members[id] = member
            for partition in member.held { owners[partition] = id }
            for partition in member.target { heirs[partition] = id }
            if let instance = member.facts.instanceID { instances[instance] = id }
            turn.rearm.insert(id)
        }
        takeTopics(&turn)
        return finish(&turn)
    }
}

/// What one event has led to so far.
struct GroupTurn {
    let context: GroupContext
    /// The member whose heartbeat this is: assignments may be made in answer to it.
    var arrived: String?
    var records: [GroupRecord] = []
    var answers: [Answer] = []
    /// Members whose current assignment is to be written.
    var touched: Set<String> = []
    /// Members whose deadlines moved.
    var rearm: Set<String> = []
    var factsChanged = false
    var settingsChanged = false

    struct Answer {
        var token: GroupToken
        var answer: GroupAnswer
        /// The member that hears only what it knows; nil: whatever has happened may show in the answer.
        var withoutNewsTo: String?
    }

    init(context: GroupContext) {
        self.context = context
    }

    mutating func answer(_ token: GroupToken, _ answer: GroupAnswer, withoutNewsTo member: String? = nil) {
        answers.append(Answer(token: token, answer: answer, withoutNewsTo: member))
    }
}
