internal import MartletCore

/// What the application's task does.
extension GroupMembership {
    /// Joins in the background, or changes what is subscribed to.
    mutating func subscribe(_ subscription: MemberSubscription, now: MonotonicTime) {
        want(subscription)
        switch phase {
        case .joining, .member: break
        case .outside, .away, .refused: become(.joining)
        }
        lastPoll = now
    }

    /// The application asks for records: what it has to do before it gets some; nil: nothing.
    ///
    /// - Parameter isProgress: False when it only asks for what is to be done, and is not done with anything.
    mutating func poll(isProgress: Bool = true, now: MonotonicTime) -> PollTask? {
        // Looked at before the time of this poll is noted: who comes too late has left.
        passTime(now: now)
        waits = .not
        if isProgress {
            lastPoll = now
            if case .away = phase { become(.joining) }
        }
        let task = nextTask(now: now)
        if task != nil { isDrainWanted = true }
        return task
    }

    /// The application waits. False when it has something to do first.
    mutating func beginWaiting(_ waits: Waits, now: MonotonicTime) -> Bool {
        guard !hasTask(now: now) else { return false }
        self.waits = waits
        return true
    }

    /// It gave up waiting.
    mutating func endWaiting(now: MonotonicTime) {
        if waits == .forRecords { lastPoll = now }
        waits = .not
    }

    /// The application was busy with what it got before, and asked for more of it.
    mutating func notePoll(at time: MonotonicTime) {
        lastPoll = max(lastPoll, time)
    }

    private mutating func nextTask(now: MonotonicTime) -> PollTask? {
        if !lost.isEmpty {
            defer { lost = [] }
            return .lost(lost)
        }
        if case .refused(let error, let isFinal) = phase {
            if !isFinal { become(.joining) }
            return .fail(error)
        }
        if let revoked = takeRevoked() { return .revoke(revoked) }
        if let assigned = takeAssigned() { return .assign(assigned) }
        if isCommitDue(now: now), case .automatic(let interval) = settings.commits {
            commitDueAt = now + interval
            return .commit
        }
        return nil
    }

    func hasTask(now: MonotonicTime) -> Bool {
        if !lost.isEmpty || isCommitDue(now: now) || !deliverable.isEmpty { return true }
        if case .refused = phase { return true }
        return held.contains { $0.value.stage == .reading && !assigned.contains($0.key) }
    }

    private func isCommitDue(now: MonotonicTime) -> Bool {
        commitDueAt.map { $0 <= now } ?? false
    }

    private mutating func takeRevoked() -> Set<TopicPartition>? {
        var revoked: Set<TopicPartition> = []
        for (id, partition) in held where partition.stage == .reading && !assigned.contains(id) {
            held[id]?.stage = .revoking
            revoked.insert(partition.topicPartition)
        }
        return revoked.isEmpty ? nil : revoked
    }

    /// Assigned, with a known beginning and a name that no partition still held has: a topic that was deleted and
    /// created anew is read when its predecessor was let go of.
    private var deliverable: [TopicIDPartition: TopicPartition] {
        guard !begins.isEmpty, departure == nil else { return [:] }
        let taken = Set(held.values.map(\.topicPartition))
        var found: [TopicIDPartition: TopicPartition] = [:]
        for id in begins.keys where held[id] == nil && assigned.contains(id) {
            guard let name = names[id.topicID] else { continue }
            let partition = TopicPartition(topic: name, partition: id.partition)
            if !taken.contains(partition) { found[id] = partition }
        }
        return found
    }

    private mutating func takeAssigned() -> [TopicPartition: PartitionBegin]? {
        var taken: [TopicPartition: PartitionBegin] = [:]
        for (id, partition) in deliverable {
            guard let begin = begins.removeValue(forKey: id) else { continue }
            held[id] = Held(topicPartition: partition)
            if let begin { commits.noteKept(id, OffsetToCommit(begin.offset, leaderEpoch: begin.leaderEpoch)) }
            taken[partition] = PartitionBegin(topicID: id.topicID, committed: begin)
        }
        return taken.isEmpty ? nil : taken
    }

    // MARK: Committing

    /// Commits; the last word on a partition counts. Only what is read, or being let go of by the application.
    ///
    /// - Parameters:
    ///   - offsets: What was committed already is left out of them, but for its metadata.
    ///   - deadline: When it is given up.
    mutating func commit(
        _ offsets: [TopicPartition: OffsetToCommit], waiter: CommitWaiter?, deadline: MonotonicTime
    ) throws(MartletError) {
        let ids = Dictionary(
            held.lazy.filter { $0.value.stage != .leaving }.map { ($0.value.topicPartition, $0.key) },
            uniquingKeysWith: { first, _ in first })
        if let stranger = offsets.keys.filter({ ids[$0] == nil }).min() { throw notOwned(stranger) }
        var items: [TopicIDPartition: OffsetToCommit] = [:]
        for (partition, offset) in offsets { ids[partition].map { items[$0] = offset } }
        commits.add(items, onlyMoved: false, waiter: waiter, deadline: deadline)
        isDrainWanted = true
    }

    /// Of partitions that may be gone since: those that are not read any more are left out.
    mutating func commitPositions(
        _ positions: [TopicPartition: CommittedPosition], waiter: CommitWaiter?, deadline: MonotonicTime
    ) {
        commits.add(items(of: positions, in: .reading), onlyMoved: true, waiter: waiter, deadline: deadline)
        isDrainWanted = true
    }

    private func items(
        of positions: [TopicPartition: CommittedPosition], in stage: Held.Stage
    ) -> [TopicIDPartition: OffsetToCommit] {
        var items: [TopicIDPartition: OffsetToCommit] = [:]
        for (id, partition) in held where partition.stage == stage {
            guard let position = positions[partition.topicPartition] else { continue }
            items[id] = OffsetToCommit(position.offset, leaderEpoch: position.leaderEpoch)
        }
        return items
    }

    private func notOwned(_ partition: TopicPartition) -> MartletError {
        MartletError(
            .membershipLost,
            "the partition is not this consumer's in group \(settings.name): it was never assigned, was taken away or "
                + "lost. Nothing was committed; whoever has it reads on from the last commit that was kept",
            topicPartition: partition)
    }

    // MARK: Letting go

    /// The application has finished with partitions that were taken away. They are let go of once these positions, and
    /// what it committed before, are kept, or cannot be.
    mutating func letGo(
        _ partitions: Set<TopicPartition>, committing positions: [TopicPartition: CommittedPosition],
        deadline: MonotonicTime
    ) {
        commits.add(
            items(of: positions.filter { partitions.contains($0.key) }, in: .revoking), onlyMoved: true, waiter: nil,
            deadline: deadline)
        for (id, partition) in held
        where partition.stage == .revoking && partitions.contains(partition.topicPartition) {
            held[id]?.stage = .leaving
        }
        isDrainWanted = true
    }

    /// Leaves the group once what is to be committed is kept, or cannot be: at the deadline at the latest.
    ///
    /// - Parameters:
    ///   - isForAWhile: Of a member with an instance id: it keeps its partitions for a session timeout.
    ///   - waiter: Told when it is out.
    mutating func depart(
        isForAWhile: Bool, committing positions: [TopicPartition: CommittedPosition], deadline: MonotonicTime,
        waiter: Eventual<Void>
    ) {
        lost = []
        isDrainWanted = true
        guard isActive else {
            become(.outside)
            departed.append(waiter)
            return
        }
        for (id, partition) in held where partition.stage == .reading { held[id]?.stage = .revoking }
        letGo(Set(positions.keys), committing: positions, deadline: deadline)
        for id in held.keys { held[id]?.stage = .leaving }
        departure = Departure(
            isForAWhile: isForAWhile && settings.instanceID != nil, deadline: deadline, waiter: waiter)
    }

    /// Leaves at once, without a commit.
    ///
    /// - Parameter waiter: Told when it is out.
    mutating func abandon(waiter: Eventual<Void>, now: MonotonicTime) {
        isDrainWanted = true
        guard isActive else {
            become(.outside)
            departed.append(waiter)
            return
        }
        sayGoodbye(isForAWhile: settings.instanceID != nil, until: now + settings.closeTimeout, waiter: waiter)
        become(.outside)
        commits.fail(MartletError(.closed, "the consumer was closed"))
        _ = forget(tellingLost: false)
    }

    /// Goodbyes that are not answered yet are tried no longer than this one.
    mutating func sayGoodbye(isForAWhile: Bool, until: MonotonicTime, waiter: Eventual<Void>?) {
        for index in goodbyes.indices { goodbyes[index].until = min(goodbyes[index].until, until) }
        let call = GoodbyeCall(id: newCall(), memberID: memberID, isForAWhile: isForAWhile)
        goodbyes.append(Goodbye(call: call, until: until, waiter: waiter))
    }
}
