import MartletCore
import SimulationKit
import TestSeeds

@testable import MartletBroker

/// What members do: a small, strict client of the protocol.
extension World {
    static let pollMs: GroupTime = 100
    static let sessionMs: GroupTime = 6_000
    static let intervalMs: GroupTime = 1_000
    static let rebalanceMs: GroupTime = 4_000

    /// Sends a heartbeat if none is under way, resends one that got no answer, and notices a lost session.
    mutating func look(_ index: Int) {
        guard members[index].isAlive, !members[index].isRetired else { return }
        let pause = members[index].pausedUntil - now
        schedule(.look(member: index), in: max(250, pause))
        guard pause <= 0 else { return }
        if members[index].epoch > 0, now - members[index].provenAt >= Self.sessionMs { lose(index) }
        if let call = members[index].heartbeat, now - call.sentAt < Self.intervalMs + 500 { return }
        sendHeartbeat(index)
    }

    mutating func sendHeartbeat(_ index: Int) {
        let member = members[index]
        let call = nextCallID()
        let isTold = member.subscription == member.toldSubscription && random.chance(90)
        let subscription = isTold ? nil : member.subscription
        members[index].heartbeat = SimulatedMember.Call(id: call, sentAt: now, subscription: subscription)
        if member.epoch == 0 { counts[.joins] += 1 }
        // A client may leave `owned` out when nothing changed; saying it always is as good, and tests more.
        let heartbeat = GroupHeartbeat(
            memberID: member.id, memberEpoch: member.epoch, assignmentVersion: member.version, owned: member.owned,
            subscription: subscription, instanceID: member.instanceID, clientID: "client", clientHost: "127.0.0.1",
            rebalanceTimeout: Self.rebalanceMs, assignor: member.epoch == 0 ? options.assignor : nil,
            maxWait: Self.intervalMs)
        send(.request(.heartbeat(heartbeat), from: index, call: call, connection: connection))
    }

    mutating func lose(_ index: Int) {
        counts[.fences] += 1
        members[index].lose(at: now)
    }

    /// Lets go of what was revoked, reads on, and commits now and then.
    mutating func poll(_ index: Int) {
        guard members[index].isAlive, !members[index].isRetired else { return }
        let rest = max(members[index].pausedUntil, members[index].stuckUntil) - now
        schedule(.poll(member: index), in: rest > 0 ? rest : Self.pollMs * GroupTime.random(in: 1...4, using: &random))
        guard rest <= 0 else { return }
        if members[index].epoch > 0, now - members[index].provenAt >= Self.sessionMs { lose(index) }
        let revoked = members[index].owned.subtracting(members[index].assigned).sorted()
        if !revoked.isEmpty, random.chance(70) { commit(revoked, index) }
        for partition in revoked { members[index].positions[partition] = nil }
        var unknown: [TopicIDPartition] = []
        for (partition, position) in members[index].positions.sorted(by: { $0.key < $1.key }) {
            guard let position else {
                unknown.append(partition)
                continue
            }
            members[index].positions[partition] = position + Offset.random(in: 0...3, using: &random)
        }
        if !unknown.isEmpty {
            send(
                .request(
                    .fetch(unknown, memberID: members[index].id), from: index, call: nextCallID(),
                    connection: connection))
        }
        if random.chance(30) { commit(members[index].owned.sorted(), index) }
        // What was let go is told at once: others wait for it.
        if !revoked.isEmpty { sendHeartbeat(index) }
    }

    private mutating func commit(_ partitions: [TopicIDPartition], _ index: Int) {
        let member = members[index]
        let items = partitions.compactMap { partition in
            member.positions[partition].flatMap { $0 }.map { OffsetCommit.Item(partition: partition, offset: $0) }
        }
        guard !items.isEmpty else { return }
        members[index].commitSequence += 1
        let sender = OffsetCommit.Sender(
            memberID: member.id, memberEpoch: member.epoch, instanceID: member.instanceID,
            sequence: members[index].commitSequence)
        send(
            .request(
                .commit(OffsetCommit(sender: sender, items: items)), from: index, call: nextCallID(),
                connection: connection))
    }

    mutating func receive(_ answer: GroupAnswer, _ index: Int, _ call: Int, _ request: GroupRequest) throws {
        if case .commit(let refusals) = answer {
            counts[.refusedCommits] += refusals.count { $0 != nil }
            counts[.commits] += refusals.count { $0 == nil }
        }
        guard members[index].isAlive, !members[index].isRetired else { return }
        switch (answer, request) {
        case (.heartbeat(let answer), _):
            guard let sent = members[index].heartbeat, sent.id == call else { return }
            members[index].heartbeat = nil
            members[index].toldSubscription = sent.subscription ?? members[index].toldSubscription
            try take(answer, index, sentAt: sent.sentAt)
        case (.failure(let error), .heartbeat):
            guard members[index].heartbeat?.id == call else { return }
            members[index].heartbeat = nil
            if error.code == .fencedMemberEpoch, group?.members[members[index].id] != nil {
                throw violation("\(members[index].id) is fenced and still a member: \(error)")
            }
            fail(error, index)
        case (.offsets(let offsets), .fetch(_, let memberID)):
            // From a former life, or of something let go meanwhile: of no use.
            guard memberID == members[index].id else { return }
            for each in offsets {
                guard case .some(.none) = members[index].positions[each.partition] else { continue }
                members[index].positions[each.partition] = .some(each.committed?.offset ?? 0)
            }
        default: break
        }
    }

    private mutating func take(_ answer: HeartbeatAnswer, _ index: Int, sentAt: GroupTime) throws {
        members[index].provenAt = sentAt
        guard answer.assignmentVersion >= members[index].version else { return }
        members[index].epoch = answer.memberEpoch
        members[index].version = answer.assignmentVersion
        if let assignment = answer.assignment {
            members[index].assigned = assignment
            for partition in assignment.subtracting(members[index].owned).sorted() {
                try checks.acquire(partition, index, self)
                counts[.moves] += 1
                members[index].positions[partition] = .some(nil)
            }
        }
        sendHeartbeat(index)
    }

    private mutating func fail(_ error: BrokerError, _ index: Int) {
        switch error.code {
        case .unknownMemberID, .fencedMemberEpoch: lose(index)
        case .fencedInstanceID:
            lose(index)
            members[index].isRetired = true
        default: break
        }
    }
}
