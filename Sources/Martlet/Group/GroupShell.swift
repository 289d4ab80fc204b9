internal import Logging
internal import MartletCore
internal import MartletProtocol
internal import MartletRPC
internal import NIOCore
internal import Synchronization

/// Does what a ``GroupMembership`` decides: finds the coordinator, calls it, keeps the timer. Any thread calls it; what
/// follows from an event is done on the client's event loop.
final class GroupShell: Sendable {
    let core: ClientCore
    let settings: ConsumerGroup
    let metrics: GroupMetrics
    private let membership: Mutex<GroupMembership>
    private let link = Mutex<BrokerLink?>(nil)
    private let timer: LoopTimer
    private let wakeApplication: @Sendable () -> Void
    /// The application has something to do before it gets more records.
    private let isWanted = Atomic<Bool>(false)
    /// When the membership is lost unless there is an answer, in the nanoseconds of ``MonotonicTime``.
    private let sessionEnd = Atomic<Int64>(.max)
    /// When the application last asked for a record that was fetched already.
    private let lastTouch = Atomic<Int64>(.min)

    /// - Parameter wakeApplication: Ends the application's wait for records.
    init(_ settings: ConsumerGroup, core: ClientCore, wakeApplication: @escaping @Sendable () -> Void) {
        self.core = core
        self.settings = settings
        self.wakeApplication = wakeApplication
        var random = SystemRandomNumberGenerator()
        membership = Mutex(
            GroupMembership(
                settings: settings, idPrefix: MemberID.prefix(core.configuration.clientName, using: &random),
                backoff: core.configuration.backoff, requestTimeout: core.configuration.requestTimeout,
                seed: random.next()))
        metrics = GroupMetrics(clientName: core.configuration.clientName, group: settings.name)
        timer = LoopTimer(loop: core.loop)
    }

    var info: GroupMembershipInfo? {
        membership.withLock { membership in
            guard membership.isActive else { return nil }
            return GroupMembershipInfo(memberID: membership.memberID, memberEpoch: membership.epoch)
        }
    }

    /// Whether a subscription holds, be it that the membership is lost and to be had again.
    var isSubscribed: Bool {
        membership.withLock { membership in
            if case .outside = membership.phase { false } else { true }
        }
    }

    // MARK: For the application's task

    func poll(isProgress: Bool = true) -> PollTask? { tell { $0.poll(isProgress: isProgress, now: $1) } }

    /// False when there is something to do first.
    func beginWaiting(_ waits: GroupMembership.Waits) -> Bool { tell { $0.beginWaiting(waits, now: $1) } }

    func endWaiting() { tell { $0.endWaiting(now: $1) } }

    /// Whether ``poll()`` is due before the next of the records that are there. Cheap enough for each of them.
    func touch() -> Bool {
        let now = MonotonicTime.now().nanoseconds
        lastTouch.store(now, ordering: .relaxed)
        return isWanted.load(ordering: .relaxed) || now >= sessionEnd.load(ordering: .relaxed)
    }

    func subscribe(_ subscription: MemberSubscription) {
        tell { $0.subscribe(subscription, now: $1) }
    }

    /// - Parameter timeout: When it is given up; nil: as operations are.
    func commit(
        _ offsets: [TopicPartition: OffsetToCommit], waiter: CommitWaiter?, timeout: Duration? = nil
    ) throws(MartletError) {
        let timeout = timeout ?? core.configuration.operationTimeout
        let outcome: Result<Void, MartletError> = tell { membership, now in
            do throws(MartletError) {
                try membership.commit(offsets, waiter: waiter, deadline: now + timeout)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    func commitPositions(_ positions: [TopicPartition: CommittedPosition]) {
        let timeout = core.configuration.operationTimeout
        tell { $0.commitPositions(positions, waiter: nil, deadline: $1 + timeout) }
    }

    /// The same, and returns once it is kept, or cannot be. Cancelling the task does not end it sooner.
    nonisolated(nonsending) func commitAndWait(_ positions: [TopicPartition: CommittedPosition]) async {
        let waiter = CommitWaiter()
        let timeout = settings.closeTimeout
        tell { $0.commitPositions(positions, waiter: waiter, deadline: $1 + timeout) }
        await Task { _ = try? await waiter.value() }.value
    }

    func letGo(_ partitions: Set<TopicPartition>, committing positions: [TopicPartition: CommittedPosition]) {
        let timeout = settings.closeTimeout
        tell { $0.letGo(partitions, committing: positions, deadline: $1 + timeout) }
    }

    /// Returns when the group knows, or ``ConsumerGroup/closeTimeout`` is over. Cancelling the task does not end it
    /// sooner.
    nonisolated(nonsending) func depart(
        isForAWhile: Bool, committing positions: [TopicPartition: CommittedPosition]
    ) async {
        let waiter = Eventual<Void>()
        let timeout = settings.closeTimeout
        tell {
            $0.depart(isForAWhile: isForAWhile, committing: positions, deadline: $1 + timeout, waiter: waiter)
        }
        // A task of its own is not cancelled with the one that closes.
        await Task { try? await waiter.value() }.value
    }

    /// Leaves in the background; then `finally` runs.
    func abandon(finally: @escaping @Sendable () -> Void) {
        let waiter = Eventual<Void>()
        tell { $0.abandon(waiter: waiter, now: $1) }
        Task {
            try? await waiter.value()
            finally()
        }
    }

    private func tell<Value: Sendable>(_ body: (inout GroupMembership, MonotonicTime) -> Value) -> Value {
        let now = MonotonicTime.now()
        let (value, isDrainWanted) = membership.withLock { membership in
            (body(&membership, now), membership.takeDrainOrder())
        }
        if isDrainWanted { core.loop.execute { self.handle() } }
        return value
    }

    // MARK: On the loop

    /// An event for the machine, then what follows from it.
    func handle(_ event: (inout GroupMembership, MonotonicTime) -> Void = { _, _ in }) {
        let now = MonotonicTime.now()
        let touched = MonotonicTime(nanoseconds: lastTouch.load(ordering: .relaxed))
        let (work, term) = membership.withLock { membership in
            membership.notePoll(at: touched)
            event(&membership, now)
            let work = membership.drain(now: now)
            isWanted.store(membership.hasTask(now: now), ordering: .relaxed)
            sessionEnd.store(membership.sessionEnd?.nanoseconds ?? .max, ordering: .relaxed)
            return (work, membership.term)
        }
        if work.findsCoordinator { findCoordinator() }
        for goodbye in work.goodbyes { send(goodbye, term: term) }
        if let heartbeat = work.heartbeat { send(heartbeat) }
        if let commit = work.commit { send(commit, term: term) }
        for question in work.questions { send(question, term: term) }
        timer.set(at: work.wakeAt, now: now) { [weak self] in self?.handle() }
        for notice in work.notices { note(notice) }
        for (waiter, result) in work.outcomes { waiter.fulfil(result) }
        for waiter in work.departed { waiter.fulfil(()) }
        if work.wakesApplication { wakeApplication() }
    }

    private func findCoordinator() {
        Task {
            do throws(MartletError) {
                let link = try await core.coordinator(of: settings.name)
                core.loop.execute {
                    self.link.withLock { $0 = link }
                    self.handle { membership, _ in membership.foundCoordinator() }
                }
            } catch {
                core.loop.execute { self.handle { $0.coordinatorNotFound(error, now: $1) } }
            }
        }
    }

    /// `took` gets the answer, on the loop, or why there is none.
    func call<Request: WireMessage, Response: WireMessage & Sendable>(
        _ method: MethodName, _ request: Request, timeout: Duration,
        took: @escaping @Sendable (Result<Response, GroupCallFailure>) -> Void
    ) {
        guard let link = link.withLock({ $0 }) else {
            let error = MartletError(.unreachable, "the coordinator of group \(settings.name) is not known")
            return core.loop.execute { took(.failure(GroupCallFailure(unanswered: error))) }
        }
        link.caller.start(method, request, attachment: [], timeout: timeout) {
            (result: Result<RPCReply<Response>, RPCFailure>) in
            // A connection that swallows calls is not asked again.
            if case .failure(let failure) = result, failure.status == .deadlineExceeded { link.close() }
            took(
                result.map(\.message).mapError { failure in
                    GroupCallFailure(unanswered: failure.martletError(broker: link.name))
                })
        }
    }

    private func note(_ notice: GroupNotice) {
        metrics.count(notice)
        let group: Logger.Metadata = ["group": "\(settings.name)"]
        switch notice {
        case .joined(let memberID, let epoch):
            core.logger.info(
                "joined the group", metadata: group.merging(["member": "\(memberID)", "epoch": "\(epoch)"]) { $1 })
        case .lost(let error, let partitions):
            core.logger.warning(
                "lost the membership", metadata: group.merging(["partitions": "\(partitions.sorted())"]) { $1 },
                error: error)
        case .stuck(_, let partitions):
            core.logger.error(
                "left the group: \(MartletError.polledTooSeldom(settings).message)",
                metadata: group.merging(["partitions": "\(partitions.sorted())"]) { $1 })
        case .commitFailed(let error, let partitions):
            core.logger.warning(
                "a commit failed: what was read since the last one may be read again",
                metadata: group.merging(["partitions": "\(partitions)"]) { $1 }, error: error)
        case .heartbeatFailed(let error):
            core.logger.debug("the coordinator could not be asked", metadata: group, error: error)
        case .committed:
            break
        }
    }
}

extension Logger {
    fileprivate func warning(_ message: Message, metadata: Metadata, error: MartletError) {
        warning(message, metadata: metadata.merging(["reason": "\(error)"]) { $1 })
    }

    fileprivate func debug(_ message: Message, metadata: Metadata, error: MartletError) {
        debug(message, metadata: metadata.merging(["reason": "\(error)"]) { $1 })
    }
}

/// Makes member ids.
enum MemberID {
    /// 128 random bits in hexadecimal digits, behind what the client calls itself, cut so that the whole id has at most
    /// 128 bytes.
    static func prefix(_ clientName: String, using random: inout some RandomNumberGenerator) -> String {
        let name = String(decoding: clientName.utf8.prefix(48).filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
        let id = TopicID.random(using: &random)
        return name.isEmpty ? "\(id)" : "\(name)-\(id)"
    }
}
