internal import Logging
internal import MartletCore
internal import MartletMetadata
internal import Synchronization

/// The life sign of one run of a broker: a lease, kept alive by a task and connections of its own, and the session's
/// record under it. A lease that was lost is replaced, unless another run of the broker has taken over.
final class EtcdSession: MetadataSession {
    /// Signs of life in one session timeout.
    private static let signsPerTimeout = 3
    private static let retryPause = Duration.milliseconds(250)
    private static let attemptsMax = 5
    /// Between two words on one silence.
    private static let noteEvery = Duration.seconds(30)

    private struct State {
        var lease: Int64
        var deadline: ContinuousClock.Instant
        var registeredAt: Revision = 0
        var isOver = false
        var keeper: Task<Void, Never>?
        /// Since when no sign of life was answered, and when that was last said.
        var silence: (since: ContinuousClock.Instant, notedAt: ContinuousClock.Instant)?
    }

    private enum Registration {
        case done(Revision)
        /// Another run of the broker holds the record.
        case superseded
    }

    private let client: EtcdClient
    private let layout: KeyLayout
    private let record: SessionRecord
    private let timeout: Duration
    private let logger: Logger
    private let state: Mutex<State>

    private init(
        client: EtcdClient, layout: KeyLayout, record: SessionRecord, timeout: Duration, lease: Lease, logger: Logger
    ) {
        self.client = client
        self.layout = layout
        self.record = record
        self.timeout = timeout
        self.logger = logger
        state = Mutex(State(lease: lease.id, deadline: lease.deadline))
    }

    /// Takes a lease, puts the record under it, ends a former session of the same broker.
    static func open(
        client: EtcdClient, layout: KeyLayout, record: SessionRecord, timeout: Duration, logger: Logger
    ) async throws(MetadataError) -> EtcdSession {
        let lease = try await grant(client, timeout)
        let session = EtcdSession(
            client: client, layout: layout, record: record, timeout: timeout, lease: lease, logger: logger)
        do {
            if case .done(let revision) = try await session.register(lease.id, takesOver: true) {
                session.state.withLock { $0.registeredAt = revision }
            }
        } catch {
            await session.revoke(lease.id)
            throw error
        }
        let keeper = Task { await session.keepAlive() }
        session.state.withLock { $0.keeper = keeper }
        return session
    }

    var deadline: ContinuousClock.Instant? { state.withLock { $0.deadline } }
    var registeredAt: Revision { state.withLock { $0.registeredAt } }

    /// What the broker's other ephemeral keys go with; nil once the session is over.
    var lease: Int64? { state.withLock { $0.isOver ? nil : $0.lease } }

    func close() async {
        guard await abandon() else { return }
        await revoke(state.withLock { $0.lease })
    }

    /// Ends the signs of life and leaves the record to whoever comes next. False: it was over already.
    @discardableResult
    func abandon() async -> Bool {
        let (keeper, wasOver) = state.withLock { state in
            defer { state.isOver = true }
            return (state.keeper, state.isOver)
        }
        keeper?.cancel()
        await keeper?.value
        return !wasOver
    }

    // MARK: Keeping it alive

    private func keepAlive() async {
        var pause = timeout / Self.signsPerTimeout
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: pause)
            } catch {
                return
            }
            pause = await sign() ? timeout / Self.signsPerTimeout : Self.retryPause
            if state.withLock({ $0.isOver }) { return }
        }
    }

    /// One sign of life; true when it was answered.
    private func sign() async -> Bool {
        let lease = state.withLock { $0.lease }
        do {
            let answer = try await client.call(
                EtcdMethods.keepAlive, LeaseKeepAliveRequest(id: lease), timeout: timeout / 4, patience: .zero)
            guard answer.response.ttl > 0 else { return await replaceLease() }
            let wasSilent = state.withLock { state in
                defer { state.silence = nil }
                state.deadline = max(state.deadline, answer.sentAt + .seconds(answer.response.ttl))
                return state.silence != nil
            }
            if wasSilent { logger.notice("the session's signs of life are answered again") }
            return true
        } catch {
            note("the session's sign of life was not answered", error)
            return false
        }
    }

    /// The lease is gone, and the record with it.
    private func replaceLease() async -> Bool {
        do {
            let lease = try await Self.grant(client, timeout)
            switch try await register(lease.id, takesOver: false) {
            case .done(let revision):
                state.withLock {
                    $0.lease = lease.id
                    $0.deadline = lease.deadline
                    $0.registeredAt = revision
                    $0.silence = nil
                }
                logger.warning("the session on etcd had expired and was opened anew")
                return true
            case .superseded:
                state.withLock { $0.isOver = true }
                await revoke(lease.id)
                logger.error(
                    "the session on etcd is over: another process runs as this broker",
                    metadata: ["broker": "\(record.broker)", "startEpoch": "\(record.startEpoch)"])
                return false
            }
        } catch {
            note("the session on etcd has expired and cannot be opened anew yet", error)
            return false
        }
    }

    /// A silence is told when it begins, and now and then while it lasts.
    private func note(_ text: String, _ error: MetadataError) {
        guard !Task.isCancelled else { return }
        let now = ContinuousClock.now
        let since: Duration? = state.withLock { state in
            let silence = state.silence
            if let silence, now - silence.notedAt < Self.noteEvery { return nil }
            state.silence = (silence?.since ?? now, now)
            return now - (silence?.since ?? now)
        }
        guard let since else { return }
        logger.warning(
            "\(text)", metadata: ["reason": "\(error.message)", "since": "\(since.components.seconds) s"])
    }

    // MARK: Leases and the record

    private struct Lease {
        var id: Int64
        var deadline: ContinuousClock.Instant
    }

    /// A lease that nobody asked for any more expires by itself, so that this may be repeated.
    private static func grant(_ client: EtcdClient, _ timeout: Duration) async throws(MetadataError) -> Lease {
        let answer = try await client.call(
            EtcdMethods.grantLease, LeaseGrantRequest(ttl: timeout.components.seconds))
        return Lease(id: answer.response.id, deadline: answer.sentAt + .seconds(answer.response.ttl))
    }

    /// A lease that is not kept alive: for what must not outlive a session when there is none.
    static func orphanLease(_ client: EtcdClient, _ timeout: Duration) async throws(MetadataError) -> Int64 {
        try await grant(client, timeout).id
    }

    /// Puts the record under `lease`. Whoever reads that it is there has put it, however many answers were lost.
    private func register(_ lease: Int64, takesOver: Bool) async throws(MetadataError) -> Registration {
        var failure: MetadataError?
        let key = layout.key(of: .session(record.broker))
        for _ in 0..<Self.attemptsMax {
            let current = try await client.call(EtcdMethods.range, RangeRequest(key: key)).response.kvs.first
            if let current, current.lease == lease { return .done(current.modRevision) }
            if let current, !takesOver, try StoredValue(current, layout: layout).record != .session(record) {
                return .superseded
            }
            let value = StoredValue(mark: .random(), record: .session(record)).bytes
            let request = TxnRequest(
                compare: [
                    Compare(
                        result: CompareResult.equal, target: CompareTarget.modRevision, key: key,
                        modRevision: current?.modRevision ?? 0)
                ],
                success: [RequestOp(request: .requestPut(PutRequest(key: key, value: value, lease: lease)))])
            do {
                let response = try await client.change(EtcdMethods.transaction, request)
                guard response.succeeded else { continue }
                if let former = current?.lease, former != 0 { await revoke(former) }
                return .done(response.header?.revision ?? 0)
            } catch {
                switch error {
                case .refused(let error): throw error
                case .unclear(let error): failure = error
                }
            }
        }
        throw failure ?? MetadataError(.unavailable, "the session's record changes all the time; try again")
    }

    /// What is not revoked expires.
    private func revoke(_ lease: Int64) async {
        do {
            _ = try await client.call(EtcdMethods.revokeLease, LeaseRevokeRequest(id: lease), patience: .zero)
        } catch {
            logger.debug("a lease was not revoked, it will expire", metadata: ["reason": "\(error.message)"])
        }
    }
}
