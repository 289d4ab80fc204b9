internal import Logging
internal import MartletCore
internal import MartletMetadata
internal import MartletStorage
internal import NIOCore
internal import Synchronization

/// Copies the partitions that one run of a broker leads: many in a fetch, each appended as it comes, on the event loop
/// of the connection.
///
/// Partitions that get records and quiet ones are asked for apart (``FetchPlan``), so that few busy ones do not cost
/// thousands of quiet ones a line in every request; so are replicas that are far behind, which make room for live
/// traffic (``CatchUpPace``).
///
/// Sendable: its mutable state is touched on the peer's event loop only, which every method that does so checks; other
/// threads only pass the reference on.
final class ReplicaFetcher: @unchecked Sendable {
    /// How long a leader may take beyond the wait that it was asked for.
    static let patience = Duration.seconds(5)

    let leader: PartitionLeader
    private let peer: any Peer
    private let own: ReplicaIdentity
    private let reporter: DurableReporter
    /// Holds this fetcher in turn, until it is stopped.
    private let replication: Replication
    private var loop: any EventLoop { peer.loop }

    private var members: [TopicIDPartition: FollowedPartition] = [:]
    /// Those that may be asked for, in the order in which they are served: who got records goes to the end. With them
    /// some that are gone.
    private var ready: [FollowedPartition] = []
    /// Those that wait a moment after a failure, likewise.
    private var pausing: [FollowedPartition] = []
    private var plan = FetchPlan()
    private var pace: CatchUpPace
    private var turns = CatchUpTurns()
    /// Counted among those of this broker that copy for replicas that are behind.
    private var isCatchingUp = false
    private var timer: (task: Scheduled<Void>, time: Duration)?
    private var isStopped = false
    /// Why the leader refused the last request as a whole, once that was told.
    private var refusal: BrokerError?

    init(peer: any Peer, leader: PartitionLeader, own: ReplicaIdentity, replication: Replication) {
        self.peer = peer
        self.leader = leader
        self.own = own
        self.replication = replication
        reporter = DurableReporter(peer: peer, own: own)
        pace = CatchUpPace(share: replication.settings.replicaCatchUpShare)
    }

    // MARK: Any thread

    /// Follows the leader in `epoch` from now on; does nothing new when it does already.
    func add(_ partition: Partition, epoch: LeaderEpoch, isInSync: Bool) {
        loop.execute { self.take(partition, epoch, isInSync) }
    }

    func remove(_ id: TopicIDPartition) {
        loop.execute { self.drop(id) }
    }

    func stop() {
        loop.execute {
            self.isStopped = true
            for id in Array(self.members.keys) { self.drop(id) }
            self.ready = []
            self.pausing = []
            self.noteCatchingUp(false)
            self.timer?.task.cancel()
            self.timer = nil
        }
        peer.close()
    }

    /// The log of a followed partition is kept up to `offset`.
    func durableAdvanced(_ partition: Partition, epoch: LeaderEpoch, to offset: Offset) {
        reporter.add(
            DurableReport.Item(
                id: partition.id, leaderEpoch: epoch, durableOffset: offset,
                incarnation: partition.statement.incarnation))
    }

    // MARK: Members

    private func take(_ partition: Partition, _ epoch: LeaderEpoch, _ isInSync: Bool) {
        loop.preconditionInEventLoop()
        guard !isStopped else { return }
        if let member = members[partition.id] {
            if member.partition === partition, member.state.epoch == epoch {
                member.isInSync = isInSync
                return
            }
            drop(partition.id)
        }
        let member = FollowedPartition(
            partition, leader: leader, epoch: epoch, isInSync: isInSync, now: replication.elapsed)
        members[partition.id] = member
        ready.append(member)
        pumpSoon()
    }

    private func drop(_ id: TopicIDPartition) {
        loop.preconditionInEventLoop()
        guard let member = members.removeValue(forKey: id) else { return }
        // Its places in lists and requests are passed over.
        member.isGone = true
    }

    /// Puts a member where it waits to be asked for again, unless it is at work.
    private func settle(_ member: FollowedPartition) {
        guard !member.isGone else { return }
        if member.state.isReady {
            ready.append(member)
        } else if member.state.pausesUntil != nil {
            pausing.append(member)
        }
    }

    // MARK: Asking

    private var isPumpPlanned = false

    /// After everything that the loop has at hand: thousands of partitions come one by one, and go together.
    private func pumpSoon() {
        guard !isPumpPlanned else { return }
        isPumpPlanned = true
        loop.execute {
            self.isPumpPlanned = false
            self.pump()
        }
    }

    private func pump() {
        loop.preconditionInEventLoop()
        guard !isStopped else { return }
        let now = replication.elapsed
        wakePausing(at: now)
        let isThrottled = replication.throttle.pause(at: now) != nil
        var busy: [FollowedPartition] = []
        var quiet: [FollowedPartition] = []
        var behind: [FollowedPartition] = []
        var rest: [FollowedPartition] = []
        for member in ready where !member.isGone {
            if isThrottled, !member.isInSync {
                rest.append(member)
                continue
            }
            switch member.lane(at: now) {
            case .busy: busy.append(member)
            case .quiet: quiet.append(member)
            case .behind: behind.append(member)
            }
        }
        noteCatchingUp(!behind.isEmpty || plan.isUnderWay(.behind))
        rest += send(busy, .busy, at: now)
        rest += send(quiet, .quiet, at: now)
        rest += catchUp(behind, at: now)
        ready = rest
        planTimer(pace: behind.isEmpty || plan.isUnderWay(.behind) ? nil : pace.pause(at: now), at: now)
    }

    private func noteCatchingUp(_ isCatchingUp: Bool) {
        guard isCatchingUp != self.isCatchingUp else { return }
        self.isCatchingUp = isCatchingUp
        replication.catchingUp.wrappingAdd(isCatchingUp ? 1 : -1, ordering: .relaxed)
    }

    private func wakePausing(at now: Duration) {
        guard !pausing.isEmpty else { return }
        ready += pausing.filter { !$0.state.isPausing(at: now) }
        pausing.removeAll { $0.isGone || !$0.state.isPausing(at: now) }
    }

    private func item(_ member: FollowedPartition, at now: Duration) -> FetchItem? {
        let log = member.partition.log
        guard let position = member.state.ask(log, at: now) else { return nil }
        member.told = member.partition.statement
        return FetchItem(
            topicID: member.partition.id.topicID, partition: member.partition.id.partition,
            leaderEpoch: member.state.epoch, fetchOffset: position.offset, lastFetchedEpoch: position.lastEpoch,
            maxBytes: member.isUnknown
                ? FollowedPartition.probeBytes : replication.settings.replicaFetchPartitionBytesMax,
            logStartOffset: log.logStartOffset,
            durableOffset: log.durableOffset, condition: member.told.condition,
            incarnation: member.told.incarnation, foundDamage: member.foundDamage,
            readersSee: member.partition.readersSee(at: now))
    }

    /// Asks for as many as one request takes, if there may be one. Those that wait on.
    private func send(
        _ waiting: [FollowedPartition], _ lane: FetchLane, at now: Duration
    ) -> [FollowedPartition] {
        guard !waiting.isEmpty, plan.mayAsk(lane, isLimited: pace.isLimited) else { return waiting }
        ask(waiting.prefix(FetchPlan.partitionsMax), lane, maxBytes: replication.settings.replicaFetchBytesMax, at: now)
        return Array(waiting.dropFirst(FetchPlan.partitionsMax))
    }

    /// What one request gets at most for replicas that are behind while there is live traffic, whose answers share the
    /// event loop with it.
    private static let pieceBytes = 2 << 20

    /// The same for those that are behind, who may have to wait for others.
    private func catchUp(_ waiting: [FollowedPartition], at now: Duration) -> [FollowedPartition] {
        guard pace.isLimited else { return send(waiting, .behind, at: now) }
        guard !waiting.isEmpty, plan.mayAsk(.behind, isLimited: true), pace.pause(at: now) == nil else {
            return waiting
        }
        let chosen = turns.next(
            waiting.map { CatchUpTurns.Candidate(missing: $0.missing ?? 0, lastNews: $0.lastNews) })
        let bytes = min(Self.pieceBytes, replication.settings.replicaFetchBytesMax)
        ask(chosen.map { waiting[$0] }[...], .behind, maxBytes: bytes, at: now)
        let taken = Set(chosen)
        return waiting.indices.filter { !taken.contains($0) }.map { waiting[$0] }
    }

    private func ask(
        _ members: ArraySlice<FollowedPartition>, _ lane: FetchLane, maxBytes: Int, at now: Duration
    ) {
        let asked = members.compactMap { member in item(member, at: now).map { (member, $0) } }
        plan.asked(lane)
        let settings = replication.settings
        let wait: Duration =
            switch lane {
            case .busy: settings.replicaFetchWaitMax
            case .quiet: settings.replicaFetchQuietWait
            // There is more, or it is news that there is not.
            case .behind: .zero
            }
        let query = FetchQuery(
            replica: own, maxWait: wait, minBytes: 1, maxBytes: maxBytes, items: asked.map(\.1))
        let request = ReplicaRequest(members: asked.map(\.0), lane: lane, begin: now)
        peer.fetch(query, inBulk: lane == .behind, timeout: wait + Self.patience) { [weak self] result in
            self?.answered(request, result)
        }
    }

    /// Asks again when the first pause is over.
    private func planTimer(pace: Duration?, at now: Duration) {
        var next = pace
        for member in pausing where !member.isGone {
            guard let until = member.state.pausesUntil else { continue }
            next = min(next ?? until, until)
        }
        if let pause = replication.throttle.pause(at: now), ready.contains(where: { !$0.isInSync }) {
            next = min(next ?? pause, pause)
        }
        guard let next else { return }
        if let timer, timer.time <= next, timer.time > now { return }
        timer?.task.cancel()
        let task = loop.scheduleTask(in: TimeAmount(max(.milliseconds(1), next - now))) { [weak self] in
            self?.timer = nil
            self?.pump()
        }
        timer = (task, next)
    }

    // MARK: Answers

    private func answered(_ request: ReplicaRequest, _ result: Result<PeerFetchAnswer, BrokerError>) {
        loop.preconditionInEventLoop()
        plan.answered(request.lane)
        guard !isStopped else { return }
        let now = replication.elapsed
        switch result {
        case .failure(let error):
            replication.counters.failedFetch()
            note(error)
            for member in request.members where !member.isGone { member.state.failed(at: now) }
        case .success(let answer):
            refusal = nil
            pace.heard(of: answer.live, own: replication.live.traffic(at: now), at: now)
            var isAnswered = Array(repeating: false, count: request.members.count)
            for item in answer.items where isAnswered.indices.contains(item.index) && !isAnswered[item.index] {
                isAnswered[item.index] = true
                let member = request.members[item.index]
                if !member.isGone { take(item, answer, member, now) }
            }
            // A leader that has news of some says nothing of the others.
            for (index, member) in request.members.enumerated() where !isAnswered[index] && !member.isGone {
                _ = member.state.answered(.nothing, leaderStart: -1, by: member.partition.log, at: now)
                member.partition.heard(-1, at: now)
            }
        }
        if request.lane == .behind {
            pace.finishedPiece(
                since: request.begin, lanes: replication.catchingUp.load(ordering: .relaxed), at: replication.elapsed)
        }
        // Who waited longest for records is served first.
        for member in request.members where member.lastNews != now { settle(member) }
        for member in request.members where member.lastNews == now { settle(member) }
        pump()
    }

    private func take(_ item: PeerFetchItem, _ answer: PeerFetchAnswer, _ member: FollowedPartition, _ now: Duration) {
        let log = member.partition.log
        let step = member.state.answered(item.followerAnswer, leaderStart: item.logStartOffset, by: log, at: now)
        switch step {
        case .nothing:
            switch item.content {
            case .failure: replication.counters.failedFetch()
            case .nothing: noteLeader(item, member)
            case .records, .diverging: break
            }
        case .append:
            guard case .records(let range) = item.content else { return }
            member.lastNews = now
            append(answer.records, range, item, member)
        case .truncate(let offset):
            replication.counters.truncated()
            note("a follower cuts what its leader does not have", .info, member, from: offset)
            change(member) { (epoch) throws(StorageError) in _ = try log.truncate(to: offset, leaderEpoch: epoch) }
        case .reset(let offset):
            replication.counters.reset()
            if member.told.condition == .toBeCopied {
                note("a damaged replica is copied anew", .warning, member, from: offset)
                let task = MemberTask(fetcher: self, member: member)
                return replication.copyAnew(member.partition.id, told: member.told) { task.finish($0) }
            }
            note("a follower's log shares nothing with its leader's; it is copied anew", .warning, member, from: offset)
            change(member) { (epoch) throws(StorageError) in
                try log.resetTo(startOffset: offset, leaderEpoch: epoch)
            }
        }
    }

    private func note(_ what: Logger.Message, _ level: Logger.Level, _ member: FollowedPartition, from offset: Offset) {
        replication.logger.log(
            level: level, what,
            metadata: [
                "partition": "\(member.partition.name)", "from": "\(offset)",
                "end": "\(member.partition.log.logEndOffset)", "epoch": "\(member.state.epoch)",
            ])
    }

    /// A leader that is away comes back or is replaced; one that refuses what it is asked would do so for ever.
    private func note(_ error: BrokerError) {
        guard !error.code.isRetriable, error != refusal else { return }
        refusal = error
        replication.logger.warning(
            "a leader refuses this broker's fetches",
            metadata: ["leader": "\(leader.broker)", "error": "\(error.message)"])
    }

    /// Changes the log where that may block.
    private func change(
        _ member: FollowedPartition, _ body: @escaping @Sendable (LeaderEpoch) throws(StorageError) -> Void
    ) {
        let epoch = member.state.epoch
        let task = MemberTask(fetcher: self, member: member)
        replication.disk(for: member.partition.id).submit {
            do throws(StorageError) {
                try body(epoch)
                task.finish(nil)
            } catch {
                task.finish(error.message)
            }
        }
    }

    fileprivate func finished(_ member: FollowedPartition, _ error: String?) {
        loop.preconditionInEventLoop()
        guard !member.isGone else { return }
        if let error { complain(member, error) }
        member.state.finished(error == nil, at: replication.elapsed)
        settle(member)
        pumpSoon()
    }

    // MARK: Appending

    private func append(
        _ records: ByteBuffer, _ range: Range<Int>, _ item: PeerFetchItem, _ member: FollowedPartition
    ) {
        guard let slice = records.getSlice(at: records.readerIndex + range.lowerBound, length: range.count) else {
            return appended(member, item, .failure(StorageError(.invalidRecord, "the answer names bytes it lacks")))
        }
        let isBehind = member.lane(at: replication.elapsed) == .behind
        // The first batch of an epoch waits for a small file.
        if slice.firstBatchEpoch == member.partition.log.lastEpoch {
            return appended(
                member, item, write(slice, member.partition, member.state.epoch, item.mayHaveGaps, isBehind))
        }
        let task = MemberTask(fetcher: self, member: member)
        let partition = member.partition
        let epoch = member.state.epoch
        replication.disk(for: partition.id).submit { [self] in
            task.appended(item, write(slice, partition, epoch, item.mayHaveGaps, isBehind))
        }
    }

    private func write(
        _ slice: ByteBuffer, _ partition: Partition, _ epoch: LeaderEpoch, _ mayHaveGaps: Bool, _ isBehind: Bool
    ) -> Result<FollowerAppendResult, StorageError> {
        do throws(StorageError) {
            let now = replication.settings.clock.wallTime
            return .success(
                try slice.withUnsafeReadableBytes { (bytes) throws(StorageError) in
                    try partition.log.appendAsFollower(
                        bytes, leaderEpoch: epoch, mayHaveGaps: mayHaveGaps, isKeptCached: !isBehind, now: now)
                })
        } catch {
            return .failure(error)
        }
    }

    fileprivate func appended(
        _ member: FollowedPartition, _ item: PeerFetchItem, _ result: Result<FollowerAppendResult, StorageError>
    ) {
        loop.preconditionInEventLoop()
        guard !member.isGone else { return }
        let now = replication.elapsed
        switch result {
        case .success(let appended):
            replication.counters.appended(bytes: appended.appendedBytes)
            pace.copied(bytes: appended.appendedBytes)
            if member.isInSync {
                replication.live.copied(bytes: appended.appendedBytes)
            } else {
                replication.throttle.take(appended.appendedBytes)
            }
            member.foundDamage = if case .invalidBatch = appended.refused?.code { true } else { false }
            if member.foundDamage { replication.counters.foundDamage() }
            if let refused = appended.refused { complain(member, refused.message) } else { member.complained = false }
            member.state.appended(wholly: appended.refused == nil, at: now)
            noteLeader(item, member)
        case .failure(let error):
            complain(member, error)
            member.state.appended(wholly: false, at: now)
        }
    }

    /// A log that takes part in another leadership by now is no trouble: this member of an old one is about to be dropped.
    private func complain(_ member: FollowedPartition, _ error: StorageError) {
        if case .wrongEpoch = error.code { return }
        complain(member, error.message)
    }

    /// Once, until it goes well again: it is tried for as long as it takes.
    private func complain(_ member: FollowedPartition, _ reason: String) {
        guard !member.complained else { return }
        member.complained = true
        replication.logger.error(
            "a replica cannot follow its leader; it is tried again",
            metadata: [
                "partition": "\(member.partition.name)", "leader": "\(leader.broker)", "reason": "\(reason)",
            ])
    }

    /// What the leader says of its offsets.
    private func noteLeader(_ item: PeerFetchItem, _ member: FollowedPartition) {
        let log = member.partition.log
        let now = replication.elapsed
        member.heard(highWatermark: item.highWatermark, logEnd: log.logEndOffset, at: now)
        member.partition.heard(item.highWatermark, at: now)
        let start = min(item.logStartOffset, log.logEndOffset)
        guard start > log.logStartOffset, !member.isRaisingStart else { return }
        member.isRaisingStart = true
        let task = MemberTask(fetcher: self, member: member)
        replication.disk(for: member.partition.id).submit {
            do throws(StorageError) {
                try log.raiseLogStart(to: start)
                task.raised(nil)
            } catch {
                task.raised(error)
            }
        }
    }

    fileprivate func raised(_ member: FollowedPartition, _ error: StorageError?) {
        loop.preconditionInEventLoop()
        member.isRaisingStart = false
        if let error, !member.isGone { complain(member, error) }
    }

    fileprivate func onLoop(_ body: @escaping @Sendable () -> Void) {
        loop.execute(body)
    }

    fileprivate func appendedElsewhere(
        _ member: FollowedPartition, _ item: PeerFetchItem, _ result: Result<FollowerAppendResult, StorageError>
    ) {
        appended(member, item, result)
        settle(member)
        pumpSoon()
    }
}

/// One fetch.
///
/// Sendable: made and read on the fetcher's event loop only; passed through the peer, which calls back there.
private final class ReplicaRequest: @unchecked Sendable {
    let members: [FollowedPartition]
    let lane: FetchLane
    let begin: Duration

    init(members: [FollowedPartition], lane: FetchLane, begin: Duration) {
        self.members = members
        self.lane = lane
        self.begin = begin
    }
}

/// Carries a member to a thread that waits for the disk, and back.
///
/// Sendable: the member is touched on the fetcher's event loop only, to which every method goes first.
private final class MemberTask: @unchecked Sendable {
    private let fetcher: ReplicaFetcher
    private let member: FollowedPartition

    init(fetcher: ReplicaFetcher, member: FollowedPartition) {
        self.fetcher = fetcher
        self.member = member
    }

    func finish(_ error: String?) {
        fetcher.onLoop { self.fetcher.finished(self.member, error) }
    }

    func appended(_ item: PeerFetchItem, _ result: Result<FollowerAppendResult, StorageError>) {
        fetcher.onLoop { self.fetcher.appendedElsewhere(self.member, item, result) }
    }

    func raised(_ error: StorageError?) {
        fetcher.onLoop { self.fetcher.raised(self.member, error) }
    }
}

extension PeerFetchItem {
    fileprivate var followerAnswer: FollowerState.Answer {
        switch content {
        case .records: .records
        case .nothing: .nothing
        case .diverging(let end): .diverging(end)
        case .failure: .failure
        }
    }
}

extension ByteBuffer {
    /// Of the batch that it begins with; nil when it is too short for one.
    fileprivate var firstBatchEpoch: LeaderEpoch? {
        getInteger(at: readerIndex + 12, as: Int32.self)
    }
}
