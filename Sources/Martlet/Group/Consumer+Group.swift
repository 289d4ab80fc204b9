internal import Logging
public import MartletCore
internal import MartletProtocol

// MARK: - Membership

extension Consumer {
    /// Shares the partitions of these topics with the other members of the group; replaces a former subscription, and
    /// ends what ``assign(_:from:)`` began. Topics that do not exist yet are read once they do.
    ///
    /// Returns at once: the consumer joins in the background, and records come with the calls that ask for them.
    ///
    /// - Throws: ``MartletError/Code/invalidArgument`` when ``ConsumerConfiguration/group`` is not set.
    public func subscribe(topics: [String]) throws(MartletError) {
        try subscribe(MemberSubscription(topics: Set(topics).sorted()))
    }

    /// The same for all topics whose whole name matches a regular expression, those included that are created later.
    ///
    /// - Parameter pattern: In the common syntax, without look-around and back-references; at most 1,024 bytes. One that
    ///   cannot be used is told by the next call for records: ``MartletError/Code/refused(_:)`` with
    ///   `invalidRegularExpression`.
    /// - Throws: ``MartletError/Code/invalidArgument`` when ``ConsumerConfiguration/group`` is not set.
    public func subscribe(matching pattern: String) throws(MartletError) {
        try subscribe(MemberSubscription(pattern: pattern))
    }

    private func subscribe(_ subscription: MemberSubscription) throws(MartletError) {
        let group = try requireGroup()
        if !group.isSubscribed { stopReading(assignment) }
        shell.withMachine { $0.isManaged = true }
        group.subscribe(subscription)
    }

    /// Runs ``onRevoked``, commits what was handed out (unless commits are manual) and leaves the group for good: other
    /// members read on at once. Takes at most ``ConsumerGroup/closeTimeout`` beside the hook.
    nonisolated(nonsending) public func unsubscribe() async {
        await leave(isForAWhile: false)
    }

    /// The consumer's place in its group; nil without a subscription, or after it was lost and until it joins again.
    public var membership: GroupMembershipInfo? { shell.group?.info }

    private func requireGroup() throws(MartletError) -> GroupShell {
        guard let group = shell.group else {
            throw MartletError(
                .invalidArgument,
                "the consumer belongs to no group: set ConsumerConfiguration.group to subscribe and commit"
            )
        }
        return group
    }

    nonisolated(nonsending) func leave(isForAWhile: Bool) async {
        guard let group = shell.group, group.isSubscribed else { return }
        if case .lost(let partitions)? = group.poll() { await lose(partitions) }
        let partitions = assignment
        if !partitions.isEmpty { await onRevoked?(self, partitions) }
        let positions = automaticPositions()
        stopReading(partitions)
        await group.depart(isForAWhile: isForAWhile, committing: positions)
    }
}

// MARK: - Between records

extension Consumer {
    /// Does what the group has for the application's task. What was handed out until now counts as processed.
    nonisolated(nonsending) func attend(to group: GroupShell) async throws(MartletError) {
        while let task = group.poll() {
            switch task {
            case .lost(let partitions):
                await lose(partitions)
            case .revoke(let partitions):
                await onRevoked?(self, partitions)
                let positions = automaticPositions().filter { partitions.contains($0.key) }
                stopReading(partitions)
                group.letGo(partitions, committing: positions)
            case .assign(let begins):
                shell.withMachine { $0.add(begins, clock: WallClock.coarseNow()) }
                await onAssigned?(self, Set(begins.keys))
            case .commit:
                group.commitPositions(automaticPositions())
            case .fail(let error):
                throw error
            }
        }
    }

    nonisolated(nonsending) func lose(_ partitions: Set<TopicPartition>) async {
        stopReading(partitions)
        await onLost?(self, partitions)
    }

    /// Fetches of other partitions go on as they were.
    func stopReading(_ partitions: Set<TopicPartition>) {
        if let next = leftover.last, partitions.contains(next.topicPartition) { leftover = [] }
        shell.withMachine { $0.remove(partitions) }
    }

    private func automaticPositions() -> [TopicPartition: CommittedPosition] {
        guard case .automatic? = shell.group?.settings.commits else { return [:] }
        return positions()
    }

    /// Behind the last record that was handed out of every partition.
    private func positions() -> [TopicPartition: CommittedPosition] {
        var positions = shell.withMachine { $0.positions }
        if let next = leftover.last { positions[next.topicPartition]?.offset = next.offset }
        return positions
    }
}

// MARK: - Committing

extension Consumer {
    /// Commits the position of every partition, which is behind the last record that was handed out: call it when that
    /// is processed. Durable when it returns.
    ///
    /// - Throws: ``MartletError/Code/membershipLost`` when a partition is not this member's any more; what the
    ///   coordinator says; ``MartletError/Code/timedOut`` when it could not be had for
    ///   ``ClientConfiguration/operationTimeout``; ``MartletError/Code/cancelled`` when the task is, which does not
    ///   recall the commit.
    nonisolated(nonsending) public func commit() async throws(MartletError) {
        try await commit(positions().mapValues { OffsetToCommit($0.offset, leaderEpoch: $0.leaderEpoch) })
    }

    /// Commits these offsets, each the next one to read. Throws as ``commit()``; then nothing of partitions that are not
    /// this member's was kept.
    nonisolated(nonsending) public func commit(_ offsets: [TopicPartition: OffsetToCommit]) async throws(MartletError) {
        let group = try requireGroup()
        guard !offsets.isEmpty else { return }
        let waiter = CommitWaiter()
        try group.commit(offsets, waiter: waiter)
        try await waiter.value().get()
    }

    /// The same as ``commit()`` without waiting. A failure is logged and counted; later commits make up for it.
    public func commitSoon() {
        commitSoon(positions().mapValues { OffsetToCommit($0.offset, leaderEpoch: $0.leaderEpoch) })
    }

    /// The same as ``commit(_:)`` without waiting. A failure is logged and counted.
    public func commitSoon(_ offsets: [TopicPartition: OffsetToCommit]) {
        do throws(MartletError) {
            try requireGroup().commit(offsets, waiter: nil)
        } catch {
            shell.core.logger.warning("a commit was refused", metadata: ["reason": "\(error)"])
        }
    }

    /// What the group has committed; partitions without are left out. Only what is durable.
    ///
    /// - Throws: What the coordinator says, or a broker about a topic.
    nonisolated(nonsending) public func committed(
        _ partitions: Set<TopicPartition>
    ) async throws(MartletError) -> [TopicPartition: CommittedOffset] {
        let group = try requireGroup().settings.name
        var names: [TopicIDPartition: TopicPartition] = [:]
        for topic in Set(partitions.map(\.topic)).sorted() {
            let id = try await shell.core.topic(topic).id
            for partition in partitions where partition.topic == topic {
                names[TopicIDPartition(topicID: id, partition: partition.partition)] = partition
            }
        }
        let request = FetchOffsetsRequest(group: Array(group.utf8), partitions: GroupPartitionList(names.keys))
        let response = try await shell.core.atCoordinator(of: group, "fetching committed offsets") {
            (link) async throws(MartletError) in
            let response = try await link.call(
                GroupsClient.Method.fetchOffsets, request, as: FetchOffsetsResponse.self)
            guard response.error == ErrorCode.none.rawValue else {
                throw MartletError(answer: response.error, message: response.message, broker: link.name)
            }
            return response
        }
        var committed: [TopicPartition: CommittedOffset] = [:]
        for result in response.partitions where result.offset >= 0 {
            guard let id = TopicID(bytes: result.topicID),
                let partition = names[TopicIDPartition(topicID: id, partition: result.partition)]
            else { continue }
            committed[partition] = CommittedOffset(
                offset: result.offset, leaderEpoch: result.leaderEpoch, metadata: result.metadata,
                commitTime: result.commitTimeMs)
        }
        return committed
    }
}
