package import MartletCore
internal import MartletStorage

/// What listeners call. Replies run on the coordinator's event loop.
extension GroupCoordinator {
    package typealias Reply = @Sendable (GroupAnswer) -> Void

    /// Joins, stays, reports and receives: answered now or when something changes, at the latest after the wait.
    package func heartbeat(_ heartbeat: GroupHeartbeat, in group: String, reply: @escaping Reply) -> Ticket {
        let isJoin = heartbeat.memberEpoch == 0
        return submit(group, createsTopic: isJoin, reply: reply) { known, token in
            guard known != nil || isJoin else { return .answer(.failure(Self.unknown(heartbeat.memberID, group))) }
            return .event(.heartbeat(heartbeat, token))
        }
    }

    package func leave(_ leave: GroupLeave, from group: String, reply: @escaping Reply) {
        _ = submit(group, createsTopic: false, reply: reply) { known, token in
            guard known != nil else { return .answer(.failure(Self.unknown(leave.memberID, group))) }
            return .event(.leave(leave, token))
        }
    }

    /// Offsets past the end of a log that this broker leads are refused: they would be read as data that is gone.
    package func commit(_ commit: OffsetCommit, in group: String, reply: @escaping Reply) {
        let beyond = refusals(of: commit.items)
        guard !beyond.isEmpty else { return send(commit, to: group, reply: reply) }
        var rest = commit
        rest.items = commit.items.indices.filter { beyond[$0] == nil }.map { commit.items[$0] }
        send(rest, to: group) { answer in
            guard case .commit(let results) = answer else { return reply(answer) }
            var others = results.makeIterator()
            reply(.commit(commit.items.indices.map { beyond[$0] ?? others.next() ?? nil }))
        }
    }

    private func send(_ commit: OffsetCommit, to group: String, reply: @escaping Reply) {
        _ = submit(group, createsTopic: commit.sender == nil, reply: reply) { known, token in
            if known == nil, let sender = commit.sender {
                return .answer(.failure(Self.unknown(sender.memberID, group)))
            }
            return .event(.commit(commit, token))
        }
    }

    /// Nil: all that the group has. Of a group that is not there, nothing is committed.
    package func fetchOffsets(_ partitions: [TopicIDPartition]?, of group: String, reply: @escaping Reply) {
        _ = submit(group, createsTopic: false, reply: reply) { known, token in
            guard known != nil else {
                let none = (partitions ?? []).map { CommittedPartition(partition: $0, committed: nil) }
                return .answer(.offsets(none))
            }
            return .event(.fetchOffsets(partitions, token))
        }
    }

    package func describe(_ group: String, reply: @escaping Reply) {
        _ = submit(group, createsTopic: false, reply: reply) { known, token in
            known == nil ? .answer(.failure(Self.notFound(group))) : .event(.describe(token))
        }
    }

    package func delete(_ group: String, reply: @escaping Reply) {
        _ = submit(group, createsTopic: false, reply: reply) { known, token in
            known == nil ? .answer(.failure(Self.notFound(group))) : .event(.delete(token))
        }
    }

    /// Changes settings; `change` gets what is set and returns what is to be.
    package func alter(
        _ group: String, _ change: @escaping @Sendable (GroupSettings) throws(BrokerError) -> GroupSettings,
        reply: @escaping Reply
    ) {
        _ = submit(group, createsTopic: true, reply: reply) { known, token in
            do throws(BrokerError) {
                return .event(.alter(try change(known?.facts.settings ?? .defaults), token))
            } catch {
                return .answer(.failure(error))
            }
        }
    }

    /// By the item's place.
    private func refusals(of items: [OffsetCommit.Item]) -> [Int: BrokerError] {
        let table = broker.table.snapshot
        var refusals: [Int: BrokerError] = [:]
        for (index, item) in items.enumerated() {
            guard case .replica(let replica) = table[item.partition], replica.leaderEpoch != nil,
                item.offset > replica.log.logEndOffset
            else { continue }
            refusals[index] = BrokerError(
                .offsetOutOfRange,
                "offset \(item.offset) is past the end of \(replica.name), which is \(replica.log.logEndOffset)")
        }
        return refusals
    }

    private static func unknown(_ memberID: String, _ group: String) -> BrokerError {
        BrokerError(.unknownMemberID, "group \(group) has no member \(memberID)")
    }

    private static func notFound(_ group: String) -> BrokerError {
        BrokerError(.groupIDNotFound, "there is no group \(group)")
    }
}
