internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata
internal import Synchronization

/// Runs this broker's ``ControllerMachine``: hands it what happens, in order, and does what it wants. Any thread.
final class Controller: Sendable {
    /// How long a dial may take; what takes longer is no answer. Less than ``ControllerSettings/silentGrace``; two of
    /// them, for connecting and for the greeting, less than ``ControllerSettings/greetingLimit``.
    private static let dialTimeout = Duration.milliseconds(500)
    private static let askTimeout = Duration.seconds(2)
    /// Between looks at a store that does not answer.
    private static let retryPauses = Duration.milliseconds(50)...Duration.seconds(2)

    private let me: PartitionLeader
    private let metadata: any MetadataStore
    private let peers: (any PeerTransport)?
    private let logger: Logger
    private let events: AsyncStream<ControllerEvent>
    private let sender: AsyncStream<ControllerEvent>.Continuation
    private let loop = Mutex<Task<Void, Never>?>(nil)
    private let timer = Mutex<Task<Void, Never>?>(nil)
    private let begin = ContinuousClock.now
    private let published = Mutex(ControllerTally())

    init(
        _ me: PartitionLeader, metadata: any MetadataStore, peers: (any PeerTransport)?, logger: Logger
    ) {
        self.me = me
        self.metadata = metadata
        self.peers = peers
        self.logger = logger
        (events, sender) = AsyncStream.makeStream()
    }

    func start(_ settings: ControllerSettings) {
        loop.withLock { task in
            guard task == nil else { return }
            task = Task { await self.run(settings) }
        }
    }

    /// Never waits. After ``stop()`` nothing happens any more.
    func send(_ event: ControllerEvent) {
        sender.yield(event)
    }

    func stop() {
        sender.finish()
        loop.withLock { $0?.cancel() }
        timer.withLock { $0?.cancel() }
    }

    private func run(_ settings: ControllerSettings) async {
        var machine = ControllerMachine(me, settings: settings)
        for await event in events {
            for action in machine.handle(event, at: now) { perform(action) }
            let tally = machine.tally
            published.withLock { $0 = tally }
            wake(at: machine.deadline)
        }
    }

    var tally: ControllerTally { published.withLock { $0 } }

    private var now: ControllerTime { (ContinuousClock.now - begin).milliseconds }

    private func wake(at deadline: ControllerTime?) {
        timer.withLock { task in
            task?.cancel()
            guard let deadline else { return task = nil }
            let pause = Duration.milliseconds(max(deadline - now, 1))
            task = Task {
                do { try await Task.sleep(for: pause) } catch { return }
                send(.timePassed)
            }
        }
    }

    // MARK: Actions

    private func perform(_ action: ControllerAction) {
        switch action {
        case .commit(let id, let transaction): Task { await commit(id, transaction) }
        case .dial(let broker): Task { send(.dialled(PartitionLeader(broker), await dial(broker) ?? .noAnswer)) }
        case .greet(let broker):
            Task {
                // Who cannot dial knows nothing of others.
                if let result = await dial(broker) { send(.greeted(PartitionLeader(broker), result)) }
            }
        case .askReach(let broker, let others): Task { await ask(broker, about: others) }
        case .tellController(let controller, let run):
            Task {
                guard let peer = peers?.peer(PeerAddress(controller)) else { return }
                await peer.reportDeath(run)
                peer.close()
            }
        case .compactHistory(let revision):
            Task {
                do {
                    try await metadata.compactHistory(before: revision)
                } catch {
                    logger.warning("the metadata's history stays for now", metadata: ["reason": "\(error)"])
                }
            }
        case .note(let note): write(note)
        }
    }

    private func commit(_ id: ControllerTransactionID, _ transaction: MetadataTransaction) async {
        do {
            if case .committed(let revision) = try await metadata.commit(transaction) {
                return send(.settled(id, revision, isCommitted: true))
            }
        } catch {
            if error.code == .closed { return }
            logger.warning("a controller's transaction has no known outcome", metadata: ["reason": "\(error)"])
        }
        // RULES 22: what became of it shows in an image read from here on.
        guard let revision = await freshRevision() else { return }
        send(.settled(id, revision, isCommitted: false))
    }

    /// Nil: the store is closed.
    private func freshRevision() async -> Revision? {
        var pause = Self.retryPauses.lowerBound
        while true {
            do throws(MetadataError) {
                return try await metadata.image().revision
            } catch {
                if error.code == .closed { return nil }
            }
            do { try await Task.sleep(for: pause) } catch { return nil }
            pause = min(pause * 2, Self.retryPauses.upperBound)
        }
    }

    private func dial(_ broker: BrokerRecord) async -> DialResult? {
        guard let peers else { return nil }
        return DialResult(await peers.dial(PeerAddress(broker), timeout: Self.dialTimeout))
    }

    private func ask(_ broker: BrokerRecord, about others: [BrokerID]) async {
        let peer = peers?.peer(PeerAddress(broker))
        let reached = await peer?.reachable(of: others, timeout: Self.askTimeout)
        peer?.close()
        send(.reachKnown(broker.id, reached))
    }

    /// Which of these brokers this one reaches: each is dialled once.
    func reachable(_ brokers: [BrokerRecord]) async -> [BrokerID] {
        guard let peers else { return [] }
        return await withTaskGroup(of: BrokerID?.self) { group in
            for broker in brokers {
                group.addTask {
                    await peers.dial(PeerAddress(broker), timeout: Self.dialTimeout) == .accepted ? broker.id : nil
                }
            }
            var reached: [BrokerID] = []
            for await broker in group { if let broker { reached.append(broker) } }
            return reached.sorted()
        }
    }

    // MARK: Notes

    private func write(_ note: ControllerNote) {
        switch note {
        case .elected(let revision): logger.notice("elected as controller", metadata: ["revision": "\(revision)"])
        case .resigned: logger.notice("no longer the controller")
        case .challenged(let run):
            logger.warning(
                "the controller answers neither this broker nor most others: it is to be replaced",
                metadata: ["broker": "\(run.broker)", "start-epoch": "\(run.startEpoch)"])
        case .declaredDead(let run, let reason):
            logger.warning(
                "a broker is dead; others lead its partitions",
                metadata: ["broker": "\(run.broker)", "start-epoch": "\(run.startEpoch)", "reason": "\(reason)"])
        case .relieved(let run):
            logger.warning(
                "a leader answers neither the controller nor its followers: others lead its partitions until it does",
                metadata: ["broker": "\(run.broker)", "start-epoch": "\(run.startEpoch)"])
        case .uncleanElection(let id, let leader, let epoch):
            logger.critical(
                "a replica that may lack acknowledged records was given leadership",
                metadata: ["partition": "\(id)", "leader": "\(leader.broker)", "epoch": "\(epoch)"])
        case .lostLeader(let id, let inSync):
            logger.error(
                "a partition is offline: none of its in-sync replicas can lead",
                metadata: ["partition": "\(id)", "in-sync": "\(inSync)"])
        case .moveFinished(let id, let replicas):
            logger.notice("replicas have moved", metadata: ["partition": "\(id)", "replicas": "\(replicas)"])
        case .cannotDrain(let broker, let partitions):
            logger.warning(
                "a draining broker keeps replicas: every other broker that could take them has one already",
                metadata: ["broker": "\(broker)", "partitions": "\(partitions)"])
        }
    }
}

extension PeerAddress {
    init(_ broker: BrokerRecord) {
        self.init(broker: broker.id, startEpoch: broker.startEpoch, host: broker.host, port: broker.port)
    }
}

extension PartitionLeader {
    init(_ broker: BrokerRecord) {
        self.init(broker: broker.id, startEpoch: broker.startEpoch)
    }

    init(_ controller: ControllerRecord) {
        self.init(broker: controller.broker, startEpoch: controller.startEpoch)
    }
}

extension DialResult {
    init(_ outcome: DialOutcome) {
        switch outcome {
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .noAnswer: self = .noAnswer
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
