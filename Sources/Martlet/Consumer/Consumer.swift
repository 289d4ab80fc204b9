public import Logging
public import MartletCore
internal import NIOCore

/// Reads records: of partitions that the application assigns, or of those that are its share in a group.
///
/// A consumer is used by one task at a time, which the compiler sees to: it is not `Sendable`. It fetches ahead in
/// the background while the application works. Reading deletes nothing; where to begin is the application's choice.
///
/// ```swift
/// let consumer = try Consumer(configuration)
/// consumer.assign([TopicPartition(topic: "orders", partition: 0)], from: .earliest)
/// for try await record in consumer.records {
///     print(record.offset, record.valueString ?? "")
/// }
/// ```
public final class Consumer {
    /// Runs on the task that uses the consumer, inside the call that asks for records or closes. It may commit, seek,
    /// pause and look at positions; it must not ask for records itself.
    public typealias PartitionsHook = nonisolated(nonsending) (Consumer, Set<TopicPartition>) async -> Void

    let shell: ConsumerShell
    /// Records of the batch taken last that ``records`` has not handed out, the next one last.
    var leftover: [Record] = []

    /// Partitions became this member's; nothing of them was handed out yet.
    public var onAssigned: PartitionsHook?

    /// Partitions are taken away, or given up by closing: they are still this member's until the hook returns, and
    /// commits count. What was handed out counts as processed.
    public var onRevoked: PartitionsHook?

    /// Partitions are gone: the membership was lost, others may read them already, and commits are refused.
    public var onLost: PartitionsHook?

    /// Makes a consumer; connections are made when they are needed.
    ///
    /// - Throws: ``MartletError/Code/invalidArgument`` for a setting that cannot be used.
    public init(_ configuration: ConsumerConfiguration, logger: Logger = Logger(label: "martlet.consumer"))
        throws(MartletError)
    {
        try configuration.validate()
        let core = try ClientCore(configuration: configuration.client, logger: logger)
        shell = ConsumerShell(configuration: configuration, core: core)
    }

    deinit {
        shell.abandon()
    }

    /// It was stopped or closed: its sequences have ended.
    public var isStopped: Bool { shell.withMachine { $0.isStopped } }

    /// Stops the consumer from any task or thread.
    public var control: ConsumerControl { ConsumerControl(shell: shell) }

    /// Ends reading in good order: as a member of a group, runs ``onRevoked``, commits what was handed out (unless
    /// commits are manual) and leaves, so that others read on at once. A member with an instance id leaves for a while:
    /// its partitions wait for it for a session timeout. The sequences end, the connections are closed. Idempotent.
    ///
    /// Takes at most ``ConsumerGroup/closeTimeout`` beside the hook; cancelling the task does not shorten it.
    nonisolated(nonsending) public func close() async {
        shell.stop()
        await leave(isForAWhile: true)
        shell.abandon()
    }

    /// Ends reading at once, without a commit: of what was handed out since the last one, others of the group get all
    /// again. The group is told in the background. So does a consumer that is let go of without being closed. For
    /// `defer`, and when the work on the last records failed. Idempotent.
    public func abandon() {
        shell.abandon()
    }
}

/// Stops a ``Consumer`` from elsewhere: from a signal handler, say.
public struct ConsumerControl: Sendable {
    let shell: ConsumerShell

    /// The consumer's sequences end, after the batch or record that is being worked on; ``Consumer/next()`` returns
    /// nil. ``Consumer/close()`` is still to be called. Idempotent.
    public func stop() {
        shell.stop()
    }
}

// MARK: - Partitions and positions

extension Consumer {
    /// Reads exactly these partitions from here on. Partitions that were assigned before keep their position; nothing
    /// is asked of a broker yet: a partition that does not exist fails the next read.
    ///
    /// In a group, this ends the subscription without a commit; the partitions read are nobody's business then.
    ///
    /// - Parameter start: Where to begin with the new ones; nil: as ``ConsumerConfiguration/reset`` says, or at the
    ///   end when that is ``OffsetReset/none``.
    public func assign(_ partitions: [TopicPartition], from start: OffsetSpec? = nil) {
        let start = start ?? shell.configuration.reset.spec(now: WallClock.coarseNow()) ?? .latest
        let wanted = Set(partitions)
        if let group = shell.group, group.isSubscribed {
            stopReading(assignment)
            group.abandon {}
        }
        shell.withMachine { machine in
            machine.isManaged = false
            machine.remove(machine.turns.filter { !wanted.contains($0) })
            machine.add(partitions, at: start)
        }
        if let next = leftover.last, !wanted.contains(next.topicPartition) { leftover = [] }
    }

    /// Reads all partitions that a topic has now.
    ///
    /// - Throws: What the broker says when there is no such topic.
    nonisolated(nonsending) public func assign(topic: String, from start: OffsetSpec? = nil) async throws(MartletError)
    {
        let image = try await shell.core.topic(topic)
        assign(
            image.partitions.indices.map { TopicPartition(topic: topic, partition: PartitionIndex($0)) }, from: start)
    }

    /// The assigned partitions.
    public var assignment: Set<TopicPartition> {
        shell.withMachine { Set($0.turns) }
    }

    /// Goes on elsewhere in a partition; what was fetched ahead is dropped. An offset outside the log is noticed by
    /// the next read, and treated as ``ConsumerConfiguration/reset`` says.
    public func seek(_ partition: TopicPartition, to spec: OffsetSpec) throws(MartletError) {
        try shell.withMachine { machine throws(MartletError) in try machine.seek(partition, to: spec) }
        if leftover.last?.topicPartition == partition { leftover = [] }
    }

    /// Hands out nothing of these partitions until they are resumed; positions and what is fetched already are kept.
    public func pause(_ partitions: [TopicPartition]) throws(MartletError) {
        giveBackLeftover()
        try shell.withMachine { machine throws(MartletError) in try machine.setPaused(true, partitions) }
    }

    public func resume(_ partitions: [TopicPartition]) throws(MartletError) {
        try shell.withMachine { machine throws(MartletError) in try machine.setPaused(false, partitions) }
    }

    /// The offset of the next record that will be handed out; nil while it is being looked up.
    ///
    /// - Throws: ``MartletError/Code/invalidArgument`` when the partition is not assigned.
    public func position(of partition: TopicPartition) throws(MartletError) -> Offset? {
        if let next = leftover.last, next.topicPartition == partition { return next.offset }
        return try shell.withMachine { machine throws(MartletError) in
            try machine.requireAssigned(partition)
            return machine.cursors[partition].flatMap { $0.isKnown ? $0.position : nil }
        }
    }

    /// The first offset that consumers do not see yet, as of the last fetch; nil before the first.
    public func highWatermark(of partition: TopicPartition) -> Offset? {
        shell.withMachine { $0.cursors[partition]?.highWatermark }
    }

    /// Looks up offsets: the ends of logs, or the first records at or after a time. Does not move positions.
    ///
    /// - Returns: For each partition its offset; none for a time after the last record.
    nonisolated(nonsending) public func offsets(
        for specs: [TopicPartition: OffsetSpec]
    ) async throws(MartletError) -> [TopicPartition: FoundOffset] {
        try await shell.core.offsets(for: specs)
    }
}

// MARK: - Reading

extension Consumer {
    /// The next batch, waiting for it. Nil once the consumer is stopped or closed, or when the task is cancelled.
    ///
    /// Partitions take turns. After an error the position stands where it stood, and the next call tries again.
    ///
    /// - Throws: ``MartletError/Code/corruptBatch``, ``MartletError/Code/offsetOutOfRange``,
    ///   ``MartletError/Code/logTruncated``, or what a broker says when a partition cannot be read.
    nonisolated(nonsending) public func next() async throws(MartletError) -> ConsumedBatch? {
        try await next(until: nil)
    }

    /// The next batch, or nil when none has come within `time`, for a task that has other things to look after. Nil, too,
    /// once the consumer is stopped, as ``isStopped`` tells, or when the task is cancelled. Throws as ``next()``.
    nonisolated(nonsending) public func next(within time: Duration) async throws(MartletError) -> ConsumedBatch? {
        let over = Eventual<Void>()
        let timer = shell.core.loop.scheduleTask(in: .nanoseconds(time.wholeNanoseconds)) {
            [wakeApplication = shell.wakeApplication] in
            over.fulfil(())
            wakeApplication()
        }
        defer { timer.cancel() }
        return try await next(until: over)
    }

    /// Waits until `over` has arrived at most; whoever makes it arrive wakes the application, too.
    private nonisolated(nonsending) func next(
        until over: Eventual<Void>?
    ) async throws(MartletError) -> ConsumedBatch? {
        giveBackLeftover()
        while !Task.isCancelled {
            if let group = shell.group { try await attend(to: group) }
            switch shell.withMachine({ $0.takeNext() }) {
            case .batch(let batch, let partition, let from, let highWatermark):
                return try check(batch, partition, from: from, highWatermark: highWatermark)
            case .failed(let error):
                throw error
            case .stopped:
                return nil
            case .wait(let waiter):
                if over?.current != nil { return nil }
                guard shell.group?.beginWaiting(.forRecords) ?? true else { continue }
                do throws(MartletError) { try await waiter.value() } catch { shell.group?.endWaiting() }
            }
        }
        return nil
    }

    func check(
        _ batch: FetchedChunk.Batch, _ partition: TopicPartition, from: Offset, highWatermark: Offset
    ) throws(MartletError) -> ConsumedBatch {
        do throws(MartletError) {
            let batch = try ConsumedBatch(batch, topicPartition: partition, from: from, highWatermark: highWatermark)
            shell.metrics.consumed(records: batch.recordCount, bytes: batch.sizeBytes)
            return batch
        } catch {
            shell.metrics.corrupt()
            shell.withMachine { $0.refuseDamaged(partition, at: from) }
            throw error
        }
    }

    /// The next record, waiting for it. Nil once the consumer is stopped or closed, or when the task is cancelled.
    /// Throws as ``next()``.
    nonisolated(nonsending) public func nextRecord() async throws(MartletError) -> Record? {
        if let group = shell.group, !leftover.isEmpty, group.touch() { try await attend(to: group) }
        while leftover.isEmpty {
            guard let batch = try await next() else { return nil }
            leftover = try batch.records().reversed()
        }
        return leftover.popLast()
    }

    /// The batches, for as long as the consumer runs: ``next()`` as a sequence.
    public var batches: ConsumerBatches { ConsumerBatches(consumer: self) }

    /// The records, for as long as the consumer runs: ``nextRecord()`` as a sequence.
    public var records: ConsumerRecords { ConsumerRecords(consumer: self) }

    /// Records that were taken but not handed out are read again.
    func giveBackLeftover() {
        guard let next = leftover.last else { return }
        leftover = []
        shell.withMachine { $0.rewind(next.topicPartition, to: next.offset) }
    }
}

extension Record {
    var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
}
