internal import MartletCore
internal import MartletStorage

/// Reads for one fetch: looks at partitions, and puts the answer together. On the call's event loop.
struct FetchReader {
    let broker: Broker
    let query: FetchQuery
    /// Why the replica that asks is not to be heard.
    private let refusal: BrokerError?
    /// A consumer that says where it is may read from a follower here, and be sent to one that is nearer to it.
    let mayReadFollowers: Bool

    init(broker: Broker, query: FetchQuery) {
        self.broker = broker
        self.query = query
        mayReadFollowers = query.replica == nil && !query.rack.isEmpty && broker.settings.selectsReplicasByRack
        refusal = query.replica.flatMap(broker.replication.refusal)
    }

    /// How one item stands.
    struct Look {
        var partition: Partition?
        var view = Partition.FetchView(check: .ahead, highWatermark: -1, logEnd: -1)
        var outcome: FetchOutcome?
        /// Records that could be sent.
        var bytes = 0

        /// The records are not in memory: `bytes` is about how many there are.
        var isCold = false

        /// A replica's readers wait for the high watermark.
        var tellsHighWatermark = false

        /// Nothing that happens later makes the answer better, or it is not to wait for that.
        var isFinal: Bool {
            tellsHighWatermark || isSettled
        }

        /// Has its answer, and that no records.
        var isSettled: Bool {
            switch outcome?.content {
            case .failure, .diverging, .nearer: true
            case .records, .nothing, nil: false
            }
        }

        /// A follower that knew of its leader's epoch first is heard once its leader does.
        var isHeard: Bool { if case .ahead = view.check { false } else { true } }

        var epoch: LeaderEpoch? {
            if case .current(let epoch) = view.check { epoch } else { nil }
        }
    }

    /// Looks again at one item by itself. What was found is let go: only its size counts until the fetch is answered.
    func look(_ item: Int, after last: Look) -> Look {
        var look = look(
            item, broker.table[query.items[item].partitionID], bytesLeft: query.maxBytes, isArrival: !last.isHeard)
        if !look.isFinal { look.outcome = nil }
        return look
    }

    /// Looks at all items in order, within the query's size. On its arrival a replica's fetch says how far it is.
    func lookAtAll(isArrival: Bool) -> [Look] {
        lookAtAll { look($0, $1, bytesLeft: $2, isArrival: isArrival) }
    }

    /// Looks again once what was cold has been read, at all that has no answer yet: what waited belongs to one leader
    /// epoch (RULES 10). What is cold still is sent as it is.
    func lookAtAll(afterReadingFor last: [Look]) -> [Look] {
        lookAtAll { item, entry, bytesLeft in
            let old = last[item]
            if old.isSettled { return old }
            let look = look(item, entry, bytesLeft: bytesLeft, isArrival: !old.isHeard, mayWait: true)
            guard let before = old.epoch, let now = look.epoch, before != now, let partition = look.partition else {
                return look
            }
            return Look(partition: partition, outcome: failure(item, leaderChanged(partition)))
        }
    }

    private func lookAtAll(_ lookAt: (Int, PartitionTable.Entry?, _ bytesLeft: Int) -> Look) -> [Look] {
        let table = broker.table.snapshot
        var bytesLeft = query.maxBytes
        var hasRecords = false
        return query.items.indices.map { item in
            var look = lookAt(item, table[query.items[item].partitionID], bytesLeft)
            // The first batch is returned whatever its size, later ones only where they fit.
            if hasRecords, look.bytes > bytesLeft {
                look.bytes = 0
                look.isCold = false
                look.outcome?.content = .nothing
            }
            bytesLeft = max(0, bytesLeft - look.bytes)
            hasRecords = hasRecords || look.bytes > 0
            return look
        }
    }

    /// Whether a fetch that found this need not wait.
    func isEnough(_ looks: [Look]) -> Bool {
        looks.isEmpty || looks.reduce(0) { $0 + $1.bytes } >= query.minBytes || looks.contains(where: \.isFinal)
    }

    /// What has to come from the disk before the fetch is answered: no more than the query's size.
    func rangesOnDisk(_ looks: [Look]) -> [ReadAhead.Range] {
        looks.indices.compactMap { item in
            let look = looks[item]
            guard look.isCold, let partition = look.partition else { return nil }
            return ReadAhead.Range(
                partition.log, from: query.items[item].fetchOffset, maxBytes: look.bytes,
                upTo: query.replica != nil ? .max : look.view.highWatermark)
        }
    }

    /// The answer: records and errors; where the partitions stand when there is neither.
    func answer(_ looks: [Look]) -> [FetchOutcome] {
        let looks = query.replica == nil ? proven(looks) : looks
        let bytes = looks.reduce(0) { $0 + $1.bytes }
        if query.replica == nil {
            broker.counters.fetched(bytes: bytes)
        } else {
            broker.replication.counters.sent(bytes: bytes)
        }
        let hasNews = bytes > 0 || looks.contains { $0.isFinal }
        return looks.indices.compactMap { item in
            let look = looks[item]
            if look.outcome == nil, let partition = look.partition {
                return failure(item, partition.unknownEpoch(query.items[item].leaderEpoch))
            }
            return hasNews && look.bytes == 0 && !look.isFinal ? nil : look.outcome
        }
    }

    /// RULES 19: what readers are told is checked when they are told.
    private func proven(_ looks: [Look]) -> [Look] {
        guard broker.replication.isSessionOver else { return looks }
        let now = broker.replication.elapsed
        return looks.indices.map { item in
            // A follower's own proof is that its leader answers it.
            guard let partition = looks[item].partition, !looks[item].isFinal, !looks[item].view.isFollower,
                !partition.isProven(at: now)
            else { return looks[item] }
            return Look(partition: partition, outcome: failure(item, partition.unproven))
        }
    }

    func failure(_ item: Int, _ error: BrokerError) -> FetchOutcome {
        FetchOutcome(index: item, highWatermark: -1, logStartOffset: -1, content: .failure(error))
    }

    func leaderChanged(_ partition: Partition) -> BrokerError {
        BrokerError(.notLeaderOrFollower, "\(partition.name): the leader changed while the fetch was waiting")
    }

    private func look(
        _ item: Int, _ entry: PartitionTable.Entry?, bytesLeft: Int, isArrival: Bool, mayWait: Bool = false
    ) -> Look {
        let wanted = query.items[item]
        guard broker.isServing else { return Look(outcome: failure(item, broker.notServing)) }
        var look = Look()
        do throws(BrokerError) {
            let partition = try PartitionTable.replica(entry, wanted.topicID, wanted.partition)
            look.partition = partition
            look.view = partition.fetchView(wanted.leaderEpoch, mayFollow: mayReadFollowers)
            switch look.view.check {
            case .failed(let error): throw error
            // Waits for the broker to learn of the epoch.
            case .ahead: return look
            case .current:
                if isArrival, wanted.foundDamage {
                    partition.host?.damageSuspected(at: wanted.fetchOffset, in: partition)
                }
                if let replica = query.replica, isArrival, let end = try count(wanted, replica, partition) {
                    look.outcome = outcome(item, partition, .diverging(end))
                } else if mayReadFollowers, isArrival, let nearer = nearer(wanted, partition, look.view) {
                    look.outcome = outcome(item, partition, .nearer(nearer))
                } else {
                    try read(item, partition, bytesLeft: bytesLeft, mayWait: mayWait, &look)
                }
            }
        } catch {
            look.outcome = failure(item, error)
        }
        return look
    }

    /// What a replica's fetch says of it. Where its log parts from this one, if it does.
    private func count(
        _ item: FetchItem, _ replica: ReplicaIdentity, _ partition: Partition
    ) throws(BrokerError) -> EpochEnd? {
        guard item.leaderEpoch >= 0 else {
            throw BrokerError(.invalidRequest, "a replica fetches in the epoch that it follows")
        }
        if let refusal { throw refusal }
        return partition.count(item, from: replica, at: broker.replication.elapsed)
    }

    private func outcome(_ item: Int, _ partition: Partition, _ content: FetchOutcome.Content) -> FetchOutcome {
        FetchOutcome(
            index: item, highWatermark: partition.highWatermark, logStartOffset: partition.log.logStartOffset,
            content: content)
    }

    /// Who in the reader's rack has what it wants (KIP-392). Nil on a follower, in the leader's own rack, and for a
    /// reader that is to hear of something else.
    private func nearer(_ wanted: FetchItem, _ partition: Partition, _ view: Partition.FetchView) -> BrokerID? {
        let log = partition.log
        guard !view.isFollower, broker.settings.rack != query.rack, wanted.fetchOffset >= log.logStartOffset,
            wanted.fetchOffset <= view.highWatermark, divergence(log, wanted) == nil
        else { return nil }
        return partition.followers(having: wanted.fetchOffset, at: broker.replication.elapsed)
            .first { broker.replication.rack(of: $0) == query.rack }
    }

    private func read(
        _ item: Int, _ partition: Partition, bytesLeft: Int, mayWait: Bool, _ look: inout Look
    ) throws(BrokerError) {
        let wanted = query.items[item]
        let log = partition.log
        let highWatermark = look.view.highWatermark
        let isReplica = query.replica != nil
        var outcome = FetchOutcome(
            index: item, highWatermark: highWatermark, logStartOffset: log.logStartOffset, content: .nothing)
        if isReplica {
            outcome.mayHaveGaps = log.mayHaveGaps
            look.tellsHighWatermark = wanted.isOutdated(by: highWatermark)
        }
        if look.view.isFollower { try requireShared(wanted, partition) }
        if !isReplica, let end = divergence(log, wanted) {
            outcome.content = .diverging(end)
        } else {
            do {
                let maxBytes = min(wanted.maxBytes, bytesLeft)
                let limit = isReplica ? Offset.max : highWatermark
                let found =
                    mayWait
                    ? try log.read(from: wanted.fetchOffset, maxBytes: maxBytes, upTo: limit)
                        .map(CachedRead.found) ?? .nothing
                    : try log.readIfCached(from: wanted.fetchOffset, maxBytes: maxBytes, upTo: limit)
                switch found {
                case .found(let read):
                    outcome.content = .records(read)
                    look.bytes = read.count
                case .nothing:
                    break
                case .onDisk(let bytes):
                    look.isCold = true
                    look.bytes = bytes
                }
            } catch {
                if error.code == .corrupt { partition.host?.damageSuspected(at: wanted.fetchOffset, in: partition) }
                throw BrokerError(error)
            }
        }
        look.outcome = outcome
    }

    /// A follower that lacks what the reader has read is behind: only the leader says that records are gone.
    private func requireShared(_ wanted: FetchItem, _ partition: Partition) throws(BrokerError) {
        let log = partition.log
        guard wanted.fetchOffset > log.logEndOffset || divergence(log, wanted) != nil else { return }
        throw BrokerError(
            .offsetNotAvailable, "\(partition.name): this replica has not reached offset \(wanted.fetchOffset) yet")
    }

    /// Where this log and the reader's agree at the latest, when the reader's last epoch says that they part before
    /// its offset.
    private func divergence(_ log: PartitionLog, _ wanted: FetchItem) -> EpochEnd? {
        guard wanted.lastFetchedEpoch >= 0, wanted.fetchOffset > log.logStartOffset else { return nil }
        guard let end = log.epochEnd(for: wanted.lastFetchedEpoch) else { return nil }
        guard end.epoch < wanted.lastFetchedEpoch || end.endOffset < wanted.fetchOffset else { return nil }
        return EpochEnd(leaderEpoch: end.epoch, endOffset: end.endOffset)
    }
}

extension FetchItem {
    var partitionID: TopicIDPartition { TopicIDPartition(topicID: topicID, partition: partition) }
}
