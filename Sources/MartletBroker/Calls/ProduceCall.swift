internal import MartletCore
internal import NIOCore

/// A produce some of whose batches have to wait.
///
/// Sendable: its mutable state is touched on its event loop only, which every method checks; other threads only pass
/// the reference on.
final class ProduceCall: NIOScheduledCallbackHandler, @unchecked Sendable {
    private enum Waiting {
        case forAcks(Partition)
        case forEpoch(Partition)
    }

    let mailbox: LoopMailbox
    private let broker: Broker
    private let items: [ProduceItem]
    private let attachment: ByteBuffer
    private let acks: Acks
    private let writesInternalTopics: Bool
    private let reply: @Sendable ([ProduceOutcome]) -> Void

    private var outcomes: [ProduceOutcome?]
    private var waiting: [Int: Waiting] = [:]
    private var timer: NIOScheduledCallback?

    init(
        broker: Broker, items: [ProduceItem], attachment: ByteBuffer, acks: Acks, mailbox: LoopMailbox,
        writesInternalTopics: Bool = false, reply: @escaping @Sendable ([ProduceOutcome]) -> Void
    ) {
        self.broker = broker
        self.items = items
        self.attachment = attachment
        self.acks = acks
        self.mailbox = mailbox
        self.writesInternalTopics = writesInternalTopics
        self.reply = reply
        outcomes = Array(repeating: nil, count: items.count)
    }

    /// Appends what can be appended now, in the order of the items; replies at once when nothing has to wait.
    func start(timeout: Duration) {
        mailbox.loop.preconditionInEventLoop()
        let table = broker.table.snapshot
        let now = broker.now
        var seen: Set<TopicIDPartition> = []
        for (index, item) in items.enumerated() {
            if items.count == 1 || seen.insert(item.partitionID).inserted {
                attempt(index, table[item.partitionID], now)
            } else {
                outcomes[index] = .failure(
                    BrokerError(.invalidRequest, "a produce carries at most one batch per partition"))
            }
        }
        guard !waiting.isEmpty else { return finish() }
        broker.counters.producesWaiting(by: 1)
        timer = try? mailbox.loop.scheduleCallback(in: TimeAmount(timeout), handler: self)
    }

    private func attempt(_ item: Int, _ entry: PartitionTable.Entry?, _ now: TimestampMs) {
        guard broker.isServing else {
            outcomes[item] = .failure(broker.notServing)
            return
        }
        do throws(BrokerError) {
            let partition = try PartitionTable.replica(entry, items[item].topicID, items[item].partition)
            if !writesInternalTopics { try partition.requireClientsMayWrite() }
            if acks == .none { try broker.replication.requireProven(partition) }
            append(item, to: partition, now)
        } catch {
            outcomes[item] = .failure(error)
        }
    }

    private func append(_ item: Int, to partition: Partition, _ now: TimestampMs) {
        let wanted = items[item]
        let step = attachment.withUnsafeReadableBytes { bytes in
            partition.append(
                UnsafeRawBufferPointer(rebasing: bytes[wanted.bytes]), leaderEpoch: wanted.leaderEpoch, acks: acks,
                now: now)
        }
        switch step {
        case .failed(let error):
            broker.counters.refusedBatch()
            outcomes[item] = .failure(error)
        case .epochAhead:
            waitForEpoch(item, partition, now)
        case .appended(let batch, let reach, let epoch):
            broker.counters.appended(bytes: wanted.bytes.count)
            let waiter = { PartitionState.AckWaiter(call: self, item: item, batch: batch, mailbox: self.mailbox) }
            outcomes[item] = partition.settle(batch, reach: reach, epoch: epoch, acks: acks, waiter: waiter())
            if outcomes[item] == nil { waiting[item] = .forAcks(partition) }
        }
    }

    private func waitForEpoch(_ item: Int, _ partition: Partition, _ now: TimestampMs) {
        let waiter = PartitionState.EpochWaiter(call: self, item: item, mailbox: mailbox)
        if partition.waitForEpoch(items[item].leaderEpoch, waiter) {
            waiting[item] = .forEpoch(partition)
        } else {
            append(item, to: partition, now)
        }
    }

    /// A batch is kept, or will not be waited for any longer.
    func resolve(_ item: Int, _ outcome: ProduceOutcome) {
        mailbox.loop.preconditionInEventLoop()
        guard waiting.removeValue(forKey: item) != nil else { return }
        outcomes[item] = outcome
        finishIfDone()
    }

    /// The role that the item waited for may be there.
    func tryAgain(_ item: Int) {
        mailbox.loop.preconditionInEventLoop()
        guard waiting.removeValue(forKey: item) != nil else { return }
        attempt(item, broker.table[items[item].partitionID], broker.now)
        finishIfDone()
    }

    /// Time is up.
    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer = nil
        for (item, reason) in waiting {
            switch reason {
            case .forAcks(let partition):
                partition.forget(self)
                outcomes[item] = .failure(
                    BrokerError(
                        .requestTimedOut,
                        "\(partition.name): the batch was written, but is not known to be kept yet; "
                            + "sent again with the same sequence it is not written twice"))
            case .forEpoch(let partition):
                partition.forget(self)
                outcomes[item] = .failure(partition.unknownEpoch(items[item].leaderEpoch))
            }
        }
        waiting = [:]
        finishIfDone()
    }

    private func finishIfDone() {
        guard waiting.isEmpty else { return }
        timer?.cancel()
        timer = nil
        broker.counters.producesWaiting(by: -1)
        finish()
    }

    /// RULES 19: only the high watermark proves by itself that nobody else leads.
    private func refuseUnproven() {
        for (index, item) in items.enumerated() {
            guard case .success = outcomes[index], case .replica(let partition) = broker.table[item.partitionID] else {
                continue
            }
            do throws(BrokerError) {
                try broker.replication.requireProven(partition)
            } catch {
                outcomes[index] = .failure(error.afterAppend)
            }
        }
    }

    private func finish() {
        if acks == .leader, broker.replication.isSessionOver { refuseUnproven() }
        reply(outcomes.map { $0 ?? .failure(.stopping) })
    }
}

extension ProduceItem {
    fileprivate var partitionID: TopicIDPartition { TopicIDPartition(topicID: topicID, partition: partition) }
}
