internal import Logging
internal import MartletCore
internal import MartletProtocol
internal import NIOCore
internal import Synchronization

/// Does what a ``ProducerMachine`` decides: sends, connects, looks up, keeps the timer. Everything but
/// ``withMachine(_:)`` and what is async runs on the client's event loop, which gives every partition's requests
/// their order.
final class ProducerShell: Sendable {
    let core: ClientCore
    let configuration: ProducerConfiguration
    private let pool: BufferPool
    /// Where records go first; ``withMachine(_:)`` when it does not take them.
    let gate: RecordGate
    private let machine: Mutex<ProducerMachine>
    private let metrics: ProducerMetrics
    private let timer: LoopTimer
    private let calls: CallWatch

    init(configuration: ProducerConfiguration, core: ClientCore) {
        self.configuration = configuration
        self.core = core
        pool = BufferPool(
            compression: configuration.compression, targetBytes: configuration.batchBytes,
            limitBytes: configuration.maxMessageBytes, memoryBytes: configuration.bufferBytes)
        gate = RecordGate(bufferBytes: configuration.bufferBytes, partitioning: configuration.partitioner.policy)
        machine = Mutex(
            ProducerMachine(
                configuration: configuration, buffers: pool, gate: gate, seed: UInt64.random(in: .min ... .max)))
        metrics = ProducerMetrics(clientName: configuration.client.clientName)
        timer = LoopTimer(loop: core.loop)
        calls = CallWatch(core: core)
    }

    /// Runs `body` with the machine locked, then tells the loop if it is needed. Any thread.
    @inline(__always)
    func withMachine<Value: Sendable>(
        _ body: (inout ProducerMachine) throws(MartletError) -> Value
    ) throws(MartletError) -> Value {
        var tellLoop = false
        defer { if tellLoop { core.loop.execute { self.drain() } } }
        return try machine.withLock { machine throws(MartletError) in
            defer { tellLoop = machine.takeDrainOrder() }
            return try body(&machine)
        }
    }

    /// An event for the machine, then what follows from it. On the loop.
    private func handle(
        _ event: (inout ProducerMachine, MonotonicTime, inout ProducerWork) -> Void = { _, _, _ in }
    ) {
        let now = MonotonicTime.now()
        let (before, after) = machine.withLock { machine in
            var work = ProducerWork()
            event(&machine, now, &work)
            return (work, machine.drain(now: now))
        }
        finish(before)
        finish(after)
        for call in after.calls { send(call) }
        for broker in after.connect { connect(to: broker) }
        if !after.lookup.isEmpty { lookUp(after.lookup) }
        if let ask = after.askIdentity { askIdentity(ask) }
        timer.set(at: after.wakeAt, now: now) { [weak self] in self?.drain() }
    }

    func drain() {
        handle()
    }

    /// Hands out outcomes; wakes those who wait.
    private func finish(_ work: ProducerWork) {
        for settlement in work.settled {
            settlement.batch.outcome.fulfil(settlement.outcome)
            if let sealed = settlement.batch.sealed {
                settlement.batch.sealed = nil
                pool.give(sealed.bytes)
            }
            report(settlement)
        }
        for (lookup, result) in work.lookedUp { lookup.fulfil(result) }
        for waiter in work.wake { waiter.fulfil(()) }
    }

    private func report(_ settlement: Lane.Settlement) {
        switch settlement.outcome {
        case .success:
            metrics.delivered(records: Int(settlement.batch.recordCount))
        case .failure(let error):
            metrics.failed(records: Int(settlement.batch.recordCount))
            core.logger.warning(
                "records were not delivered",
                metadata: [
                    "partition": "\(settlement.batch.topicPartition)", "records": "\(settlement.batch.recordCount)",
                    "reason": "\(error.message)",
                ])
        }
    }

    /// Fails what is left and stops. Any thread.
    nonisolated(nonsending) func stop() async {
        let done = Eventual<Void>()
        core.loop.execute {
            let work = self.machine.withLock { $0.abandon() }
            self.finish(work)
            self.timer.set(at: nil, now: .now()) {}
            done.fulfil(())
        }
        _ = try? await done.value()
        core.close()
    }
}

// MARK: - Requests

extension ProducerShell {
    private func send(_ call: ProduceCall) {
        let name = core.name(of: call.broker)
        guard let link = core.currentLink(to: call.broker, .data) else {
            return fail(call, RPCFailure(.unavailable, "the connection to \(name) was lost"), broker: name)
        }
        var request = ProduceRequest(
            acks: configuration.acks.wire, timeoutMs: configuration.client.requestTimeout.wireMilliseconds)
        var attachment: [ByteBuffer] = []
        request.partitions.reserveCapacity(call.items.count)
        attachment.reserveCapacity(call.items.count)
        for item in call.items {
            do throws(MartletError) {
                let bytes = try item.batch.seal(pool: pool)
                request.partitions.append(
                    ProducePartition(
                        topicID: item.topicID.bytes, partition: item.batch.topicPartition.partition,
                        leaderEpoch: item.leaderEpoch, batchBytes: UInt32(bytes.readableBytes)))
                metrics.sent(bytes: bytes.readableBytes)
                attachment.append(bytes)
            } catch {
                return fail(call, RPCFailure(.resourceExhausted, error.message), broker: name)
            }
        }
        if configuration.acks == .none {
            link.caller.sendOneWay(RecordsClient.Method.produce, request, attachment: attachment) { result in
                self.written(call, result, broker: name)
            }
        } else {
            let watched = calls.began(at: call.broker) { call.epochs }
            link.caller.start(
                RecordsClient.Method.produce, request, attachment: attachment,
                timeout: configuration.client.requestTimeout
            ) { (result: Result<RPCReply<ProduceResponse>, RPCFailure>) in
                self.calls.ended(watched)
                self.answered(call, result, broker: name)
            }
        }
    }

    private func answered(_ call: ProduceCall, _ result: Result<RPCReply<ProduceResponse>, RPCFailure>, broker: String)
    {
        switch result {
        case .failure(let failure):
            fail(call, failure, broker: broker)
        case .success(let reply) where reply.message.partitions.count != call.items.count:
            let count = reply.message.partitions.count
            fail(
                call, RPCFailure(.internal, "the broker answered for \(count) partitions of \(call.items.count)"),
                broker: broker)
        case .success(let reply):
            let answers = zip(call.items, reply.message.partitions).map { item, result in
                result.answer(broker: broker, topicPartition: item.batch.topicPartition)
            }
            handle { machine, now, work in
                machine.settle(machine.answered(call.id, answers, now: now), into: &work)
            }
        }
    }

    /// With ``Acks/none`` a record counts once it is in the socket.
    private func written(_ call: ProduceCall, _ result: Result<Void, RPCFailure>, broker: String) {
        switch result {
        case .success:
            let place = ProduceBatch.Place(baseOffset: nil, logAppendTime: nil)
            handle { machine, now, work in
                let answers = call.items.map { _ in ProduceAnswer.accepted(place) }
                machine.settle(machine.answered(call.id, answers, now: now), into: &work)
            }
        case .failure(var failure):
            // Not tried again: nobody would notice a repetition.
            if failure.isRetriable { failure = RPCFailure(.dataLoss, failure.message) }
            fail(call, failure, broker: broker)
        }
    }

    private func fail(_ call: ProduceCall, _ failure: RPCFailure, broker: String) {
        metrics.retried()
        core.logger.debug(
            "a produce request failed", metadata: ["broker": "\(broker)", "reason": "\(failure)"])
        // From the sending itself this would come back in the middle of a drain.
        core.loop.execute {
            self.handle { machine, now, work in
                machine.settle(machine.failed(call.id, failure, broker: broker, now: now), into: &work)
            }
        }
    }
}

extension ProduceCall {
    /// What is asked of the leader, at which epoch.
    fileprivate var epochs: [TopicPartition: LeaderEpoch] {
        Dictionary(items.map { ($0.batch.topicPartition, $0.leaderEpoch) }, uniquingKeysWith: max)
    }
}

extension Acks {
    var wire: Int32 {
        switch self {
        case .none: 0
        case .leader: 1
        case .all: -1
        }
    }
}

extension ProducePartitionResult {
    fileprivate func answer(broker: String, topicPartition: TopicPartition) -> ProduceAnswer {
        let code = ErrorCode(rawValue: error)
        switch code {
        case .none?:
            return .accepted(
                ProduceBatch.Place(
                    baseOffset: baseOffset >= 0 ? baseOffset : nil,
                    logAppendTime: logAppendTimeMs >= 0 ? logAppendTimeMs : nil))
        case .duplicateSequenceNumber?:
            // In the log already, but so long ago that the broker has forgotten where.
            return .accepted(ProduceBatch.Place(baseOffset: nil, logAppendTime: nil))
        default:
            let failure = ProduceFailure(
                answer: code, number: error, message: message, broker: broker, topicPartition: topicPartition)
            return .failed(failure, leader: leader?.image)
        }
    }
}

extension LeaderHint {
    var image: PartitionImage {
        PartitionImage(leader: brokerID >= 0 ? brokerID : nil, leaderEpoch: leaderEpoch)
    }
}

// MARK: - What requests need

extension ProducerShell {
    private func connect(to broker: BrokerID) {
        core.connect(to: broker, .data) { [weak self] change in
            self?.handle { machine, now, _ in
                switch change {
                case .up: machine.connected(broker)
                case .down(let error): machine.disconnected(broker, because: error, now: now)
                }
            }
        }
    }

    private func lookUp(_ names: [String]) {
        core.lookUp(names) { [weak self] result in
            self?.handle { machine, now, work in
                switch result {
                case .success(let results): machine.lookedUp(results, now: now, into: &work)
                case .failure(let error): machine.lookupFailed(names, error, now: now, into: &work)
                }
            }
        }
    }

    private func askIdentity(_ ask: ProducerWork.AskIdentity) {
        let request = InitProducerIdRequest(
            producerID: ask.previous?.id ?? -1, producerEpoch: ask.previous.map { Int32($0.epoch) } ?? -1)
        Task {
            do throws(MartletError) {
                let response = try await core.withAnyBroker(patience: ClientCore.lookupPatience) {
                    (link) async throws(MartletError) in
                    try await link.call(RecordsClient.Method.initProducerID, request, as: InitProducerIdResponse.self)
                }
                core.logger.debug(
                    "got a producer id",
                    metadata: ["id": "\(response.producerID)", "epoch": "\(response.producerEpoch)"])
                core.loop.execute {
                    self.handle { machine, _, _ in
                        machine.gotIdentity(
                            id: response.producerID, epoch: ProducerEpoch(truncatingIfNeeded: response.producerEpoch))
                    }
                }
            } catch {
                core.logger.debug("could not get a producer id", metadata: ["reason": "\(error)"])
                core.loop.execute {
                    self.handle { machine, now, _ in machine.identityFailed(because: error, now: now) }
                }
            }
        }
    }
}
