public import Logging
public import MartletCore

/// Sends records to topics. One is enough for a program; any number of tasks and threads may use it at a time.
///
/// Records of a partition are stored in the order in which they were accepted. With the default settings each is
/// stored exactly once, whatever fails in between, as long as the producer lives and `deliveryTimeout` is not over.
///
/// ```swift
/// let producer = try Producer(configuration)
/// let handle = try await producer.send(topic: "orders", key: "4711", value: "paid")
/// print(try await handle.delivery().offset as Any)
/// try await producer.close()
/// ```
///
/// Close it when done: records that are still on their way are lost with the process otherwise.
public final class Producer: Sendable {
    let shell: ProducerShell

    /// Makes a producer; connections are made when they are needed.
    ///
    /// - Throws: ``MartletError/Code/invalidArgument`` for a setting that cannot be used.
    public init(_ configuration: ProducerConfiguration, logger: Logger = Logger(label: "martlet.producer"))
        throws(MartletError)
    {
        try configuration.validate()
        let core = try ClientCore(configuration: configuration.client, logger: logger)
        shell = ProducerShell(configuration: configuration, core: core)
    }

    /// Puts a record into its partition's open batch, without waiting; the bytes are copied. Constant time; nothing
    /// is allocated.
    ///
    /// - Parameters:
    ///   - key: Records with the same key go to the same partition. Nil: none.
    ///   - value: Nil: a tombstone.
    ///   - timestamp: Milliseconds since 1970; nil: now, to the kernel's tick (4 ms).
    ///   - partition: Nil: as ``ProducerConfiguration/partitioner`` chooses.
    /// - Returns: Nil when it would have to wait: the buffer memory is used up, or the topic's partitions are not
    ///   known yet (they are being asked for).
    /// - Throws: ``MartletError/Code/recordTooLarge``, ``MartletError/Code/invalidArgument`` for a partition that
    ///   does not exist, ``MartletError/Code/closed``.
    public func trySend(
        topic: String, key: UnsafeRawBufferPointer? = nil, value: UnsafeRawBufferPointer?, headers: [RecordHeader] = [],
        timestamp: TimestampMs? = nil, partition: PartitionIndex? = nil
    ) throws(MartletError) -> DeliveryHandle? {
        let record = OutgoingRecord(
            key: key, value: value, headers: headers, timestamp: timestamp ?? WallClock.coarseNow())
        if let handle = shell.gate.appendToOpen(record, topic: topic, partition: partition) { return handle }
        return try trySend(record, topic: topic, partition: partition)
    }

    /// A record for which there is no open batch with room.
    @inline(never)
    private func trySend(
        _ record: OutgoingRecord, topic: String, partition: PartitionIndex?
    ) throws(MartletError) -> DeliveryHandle? {
        let now = MonotonicTime.now()
        let result = try shell.withMachine { machine throws(MartletError) in
            try machine.append(record, topic: topic, partition: partition, now: now)
        }
        switch result {
        case .appended(let handle):
            return handle
        case .full:
            return nil
        case .unknownTopic:
            _ = try lookUp(topic)
            return nil
        }
    }

    /// As `trySend`, but waits: for the topic's partitions before its first record, and for memory when the buffer is
    /// full.
    ///
    /// - Throws: As `trySend`; and what the broker says when there is no such topic.
    nonisolated(nonsending) public func send(
        topic: String, key: UnsafeRawBufferPointer? = nil, value: UnsafeRawBufferPointer?, headers: [RecordHeader] = [],
        timestamp: TimestampMs? = nil, partition: PartitionIndex? = nil
    ) async throws(MartletError) -> DeliveryHandle {
        while true {
            if let handle = try trySend(
                topic: topic, key: key, value: value, headers: headers, timestamp: timestamp, partition: partition)
            {
                return handle
            }
            try await waitUntilReady(
                topic: topic,
                bytes: OutgoingRecord.charge(bytes: (key?.count ?? 0) + (value?.count ?? 0), headers: headers))
        }
    }

    /// Waits until `topic` is known and there may be room for a record of that size.
    nonisolated(nonsending) func waitUntilReady(topic: String, bytes: Int) async throws(MartletError) {
        try await lookUp(topic).value().get()
        let space = try shell.withMachine { machine throws(MartletError) in try machine.waitForSpace(for: bytes) }
        try await space?.value()
    }

    private func lookUp(_ topic: String) throws(MartletError) -> Eventual<Result<Void, MartletError>> {
        do throws(TopicNameError) { try TopicName.check(topic) } catch {
            throw MartletError(.invalidArgument, "\(error)")
        }
        return try shell.withMachine { machine throws(MartletError) in
            try machine.ask(about: topic, now: .now())
        }
    }

    /// Waits until the topic's partitions are known, so that a topic that is not there is told before its first record.
    ///
    /// - Throws: As `send`.
    nonisolated(nonsending) package func prepare(topic: String) async throws(MartletError) {
        try await lookUp(topic).value().get()
    }

    /// Why records wait, while attempts at delivering them fail; nil otherwise. Costs a lock and a look at each partition
    /// that has any.
    package var holdUp: HoldUp? {
        get throws(MartletError) {
            try shell.withMachine { machine throws(MartletError) in machine.holdUp(now: .now()) }
        }
    }

    /// Sends everything accepted so far and waits until each record is delivered or has failed.
    ///
    /// - Throws: The first failure that nobody has awaited on a ``DeliveryHandle``, with the number of records
    ///   concerned.
    nonisolated(nonsending) public func flush() async throws(MartletError) {
        let flushed = try shell.withMachine { machine throws(MartletError) in machine.flush() }
        try await flushed?.value()
        if let failure = try shell.withMachine({ machine throws(MartletError) in machine.unreported.take() }) {
            throw failure
        }
    }

    /// Takes no more records, delivers what it has and closes the connections. Takes `deliveryTimeout` at most. When
    /// the task is cancelled, what is not delivered by then fails. Later calls do nothing.
    ///
    /// - Throws: As ``flush()``.
    nonisolated(nonsending) public func close() async throws(MartletError) {
        let isFirst = try shell.withMachine { machine throws(MartletError) in machine.beginClosing() }
        guard isFirst else { return }
        var failure: MartletError?
        do throws(MartletError) { try await flush() } catch { failure = error }
        await shell.stop()
        if let failure { throw failure }
    }
}

/// Runs `body` with a producer, and closes it afterwards, whatever happens.
///
/// - Throws: What `body` throws; else, what ``Producer/close()`` throws.
nonisolated(nonsending) public func withProducer<Result>(
    _ configuration: ProducerConfiguration, logger: Logger = Logger(label: "martlet.producer"),
    _ body: (Producer) async throws -> Result
) async throws -> Result {
    let producer = try Producer(configuration, logger: logger)
    do {
        let result = try await body(producer)
        try await producer.close()
        return result
    } catch {
        // The failure of the body is the news; that of closing would hide it.
        try? await producer.close()
        throw error
    }
}
