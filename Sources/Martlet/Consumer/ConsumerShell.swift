internal import Logging
internal import MartletCore
internal import MartletProtocol
internal import NIOCore
internal import Synchronization

/// Does what a ``ConsumerMachine`` decides: fetches, asks, connects, keeps the timer. Everything but
/// ``withMachine(_:)`` and what is async runs on the client's event loop.
final class ConsumerShell: Sendable {
    /// Outlives the shell in those that wake the application.
    private final class ConsumerMachineBox: Sendable {
        let state: Mutex<ConsumerMachine>

        init(_ configuration: ConsumerConfiguration) {
            state = Mutex(ConsumerMachine(configuration: configuration, seed: UInt64.random(in: .min ... .max)))
        }
    }

    let core: ClientCore
    let configuration: ConsumerConfiguration
    let metrics: ConsumerMetrics
    /// Ends the application's wait for records. Any thread.
    let wakeApplication: @Sendable () -> Void
    /// Nil: the consumer belongs to no group.
    let group: GroupShell?
    private let machine: ConsumerMachineBox
    private let timer: LoopTimer
    private let calls: CallWatch
    /// When the lag is told again, in the nanoseconds of ``MonotonicTime``.
    private let nextLag = Atomic<Int64>(.min)

    init(configuration: ConsumerConfiguration, core: ClientCore) {
        self.configuration = configuration
        self.core = core
        let machine = ConsumerMachineBox(configuration)
        self.machine = machine
        metrics = ConsumerMetrics(clientName: configuration.client.clientName)
        timer = LoopTimer(loop: core.loop)
        calls = CallWatch(core: core)
        wakeApplication = { machine.state.withLock { $0.takeWaiter() }?.fulfil(()) }
        group = configuration.group.map { [wakeApplication] in
            GroupShell($0, core: core, wakeApplication: wakeApplication)
        }
    }

    /// Runs `body` with the machine locked, then tells the loop if it is needed. Any thread.
    func withMachine<Value: Sendable>(
        _ body: (inout ConsumerMachine) throws(MartletError) -> Value
    ) throws(MartletError) -> Value {
        var tellLoop = false
        defer { if tellLoop { core.loop.execute { self.handle() } } }
        return try machine.state.withLock { machine throws(MartletError) in
            defer { tellLoop = machine.takeDrainOrder() }
            return try body(&machine)
        }
    }

    /// The same for what cannot fail.
    func withMachine<Value: Sendable>(_ body: (inout ConsumerMachine) -> Value) -> Value {
        let (value, tellLoop) = machine.state.withLock { machine in (body(&machine), machine.takeDrainOrder()) }
        if tellLoop { core.loop.execute { self.handle() } }
        return value
    }

    /// An event for the machine, then what follows from it. On the loop.
    private func handle(_ event: (inout ConsumerMachine, MonotonicTime) -> Void = { _, _ in }) {
        let now = MonotonicTime.now()
        let work = machine.state.withLock { machine in
            event(&machine, now)
            return machine.drain(now: now)
        }
        for waiter in work.wake { waiter.fulfil(()) }
        if !work.wake.isEmpty, !work.fetches.isEmpty, configuration.client.loop != nil {
            // The application was woken on this thread, most likely: it comes first, the writing to a socket after it.
            core.loop.execute { self.send(work.fetches) }
        } else {
            send(work.fetches)
        }
        for question in work.questions { send(question) }
        for broker in work.connect { connect(to: broker) }
        if !work.lookup.isEmpty { lookUp(work.lookup) }
        timer.set(at: work.wakeAt, now: now) { [weak self] in self?.handle() }
    }

    /// Ends the consumer's sequences. Any thread, any number of times.
    func stop() {
        let waiter = withMachine { $0.stop() }
        waiter?.fulfil(())
    }

    /// Ends the consumer's sequences and leaves the group without a commit, in the background; then the connections are
    /// closed. Any thread, any number of times.
    func abandon() {
        stop()
        guard let group else { return core.close() }
        let core = core
        group.abandon { core.close() }
    }
}

// MARK: - Fetching

extension ConsumerShell {
    private func send(_ calls: [FetchCall]) {
        for call in calls { send(call) }
    }

    private func send(_ call: FetchCall) {
        let name = core.name(of: call.broker)
        guard let link = core.currentLink(to: call.broker, .data) else {
            return failed(call, RPCFailure(.unavailable, "the connection to \(name) was lost"), broker: name)
        }
        let request = FetchRequest(
            maxWaitMs: configuration.maxWait.wireMilliseconds, minBytes: UInt32(clamping: configuration.minBytes),
            maxBytes: UInt32(clamping: call.maxBytes),
            partitions: call.items.map { item in
                FetchPartition(
                    topicID: item.topicID.bytes, partition: item.topicPartition.partition,
                    leaderEpoch: item.leaderEpoch,
                    fetchOffset: item.position, lastFetchedEpoch: item.epoch,
                    maxBytes: UInt32(clamping: configuration.maxPartitionBytes), foundDamage: item.foundDamage)
            },
            rack: call.tellsRack ? Array((configuration.rack ?? "").utf8) : [])
        let watched = calls.began(at: call.broker, allowed: configuration.maxWait) { call.epochs }
        link.caller.start(
            RecordsClient.Method.fetch, request, attachment: [], timeout: configuration.client.requestTimeout
        ) { (result: Result<RPCReply<FetchResponse>, RPCFailure>) in
            self.calls.ended(watched)
            switch result {
            case .success(let reply): self.fetched(call, reply, broker: name)
            case .failure(let failure): self.failed(call, failure, broker: name)
            }
        }
    }

    private func fetched(_ call: FetchCall, _ reply: RPCReply<FetchResponse>, broker: String) {
        var attachment = reply.attachment
        var answers: [Int: FetchAnswer] = [:]
        for result in reply.message.partitions {
            guard let bytes = attachment.readSlice(length: Int(result.batchBytes)),
                result.index < UInt32(call.items.count)
            else {
                let failure = RPCFailure(
                    .dataLoss, "the answer to a fetch does not say which of its bytes belong where")
                return failed(call, failure, broker: broker)
            }
            answers[Int(result.index)] = FetchAnswer(
                error: result.error, message: result.message, highWatermark: result.highWatermark,
                logStart: result.logStartOffset, leader: result.leader?.image, divergesAt: result.diverging?.endOffset,
                nearer: result.nearer?.brokerID, bytes: bytes)
        }
        let clock = WallClock.coarseNow()
        handle { machine, now in machine.fetched(call.id, answers, broker: broker, now: now, clock: clock) }
        tellLag()
    }

    /// Once a second at most: it looks at every partition.
    private func tellLag() {
        let now = MonotonicTime.now()
        guard now.nanoseconds >= nextLag.load(ordering: .relaxed) else { return }
        nextLag.store((now + .seconds(1)).nanoseconds, ordering: .relaxed)
        metrics.lag(records: machine.state.withLock { $0.lag })
    }

    private func failed(_ call: FetchCall, _ failure: RPCFailure, broker: String) {
        metrics.fetchFailed()
        core.logger.debug("a fetch failed", metadata: ["broker": "\(broker)", "reason": "\(failure)"])
        // From the sending itself this would come back in the middle of what follows an event.
        core.loop.execute {
            self.handle { machine, now in machine.fetchFailed(call.id, failure, broker: broker, now: now) }
        }
    }
}

// MARK: - What fetches need

extension ConsumerShell {
    private func send(_ call: OffsetsCall) {
        let name = core.name(of: call.broker)
        let request = ListOffsetsRequest(partitions: call.items.map(\.wire))
        let watched = calls.began(at: call.broker) { call.epochs }
        Task {
            do throws(MartletError) {
                let link = try await core.link(to: call.broker, .control)
                let response = try await link.call(
                    RecordsClient.Method.listOffsets, request, as: ListOffsetsResponse.self)
                let answers = response.partitions.map { result in
                    OffsetAnswer(
                        error: result.error, message: result.message, offset: result.offset,
                        leader: result.leader?.image)
                }
                core.loop.execute {
                    self.calls.ended(watched)
                    self.handle { machine, now in machine.answered(call.id, answers, broker: name, now: now) }
                }
            } catch {
                core.logger.debug("could not look up offsets", metadata: ["broker": "\(name)", "reason": "\(error)"])
                core.loop.execute {
                    self.calls.ended(watched)
                    self.handle { machine, now in machine.questionFailed(call.id, error, now: now) }
                }
            }
        }
    }

    private func connect(to broker: BrokerID) {
        core.connect(to: broker, .data) { [weak self] change in
            self?.handle { machine, now in
                switch change {
                case .up: machine.connected(broker)
                case .down(let error): machine.disconnected(broker, because: error, now: now)
                }
            }
        }
    }

    private func lookUp(_ names: [String]) {
        core.lookUp(names) { [weak self] result in
            self?.handle { machine, now in
                switch result {
                case .success(let results): machine.lookedUp(results, now: now)
                case .failure(let error): machine.lookupFailed(names, error, now: now)
                }
            }
        }
    }
}

extension FetchCall {
    /// What is asked of the leader, at which epoch.
    fileprivate var epochs: [TopicPartition: LeaderEpoch] {
        Dictionary(items.map { ($0.topicPartition, $0.leaderEpoch) }, uniquingKeysWith: max)
    }
}

extension OffsetsCall {
    /// What is asked of the leader, at which epoch.
    fileprivate var epochs: [TopicPartition: LeaderEpoch] {
        Dictionary(items.map { ($0.topicPartition, $0.leaderEpoch) }, uniquingKeysWith: max)
    }
}

extension OffsetsCall.Item {
    var wire: ListOffsetsPartition {
        ListOffsetsPartition(
            topicID: topicID.bytes, partition: topicPartition.partition, leaderEpoch: leaderEpoch,
            timestampMs: timestamp)
    }
}
