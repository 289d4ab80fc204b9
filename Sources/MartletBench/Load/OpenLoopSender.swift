import Martlet

/// Sends records when they are due, whatever happened to those before. Each begins with the time at which it was due.
struct OpenLoopSender: Sendable {
    var topic: String
    var count: Int
    var messageBytes: Int
    var ratePerSecond: Int

    /// How long to wait when the producer's memory is used up. The records behind it are late then, and count as such.
    private static let pauseNanoseconds: UInt64 = 50_000

    /// Opens the connection with a record that is not one of the `count`: the reader drops it.
    func warmUp(_ producer: Producer) async throws {
        let first = try await producer.send(topic: topic, value: DueTime.message(messageBytes, due: 0))
        _ = try await first.delivery()
    }

    func run(_ producer: Producer, progress: ProgressLine) async throws {
        try await DedicatedThread.run { try sendAll(producer, progress) }
        try await producer.flush()
    }

    private func sendAll(_ producer: Producer, _ progress: ProgressLine) throws {
        Pace.usePreciseTimers()
        let start = Pace.nowNanoseconds + 10_000_000
        for index in 0..<count {
            let due = start + UInt64(index) * 1_000_000_000 / UInt64(ratePerSecond)
            Pace.sleep(untilNanoseconds: due)
            let message = DueTime.message(messageBytes, due: due)
            while try producer.trySend(topic: topic, value: message) == nil {
                Pace.sleep(untilNanoseconds: Pace.nowNanoseconds + Self.pauseNanoseconds)
            }
            if index.isMultiple(of: 1024) { progress.show(fraction: Double(index) / Double(count)) }
        }
    }
}

/// Reads what an ``OpenLoopSender`` sends, on the thread of a ``ClientLoop``.
struct OpenLoopReader: Sendable {
    var topic: String
    var count: Int

    /// Nanoseconds from when each record was due until it was seen, in the order of the log. `isInPlace` gets its only
    /// element with the record of the warm-up, and ends when the reader does.
    func run(broker: String, isInPlace: AsyncStream<Void>.Continuation) async throws -> [UInt64] {
        defer { isInPlace.finish() }
        guard var configuration = ConsumerConfiguration(broker) else {
            throw BenchError("\(broker) is no broker's address: write host:port")
        }
        let loop = ClientLoop()
        configuration.client.loop = loop
        return try await withTaskExecutorPreference(loop.executor) {
            try await read(Consumer(configuration), isInPlace)
        }
    }

    private func read(_ consumer: Consumer, _ isInPlace: AsyncStream<Void>.Continuation) async throws -> [UInt64] {
        defer { consumer.abandon() }
        consumer.assign([TopicPartition(topic: topic, partition: 0)], from: .earliest)
        var latencies: [UInt64] = []
        latencies.reserveCapacity(count)
        while latencies.count < count, let batch = try await consumer.next() {
            try batch.forEachRecord { record in
                guard let due = record.value.flatMap(DueTime.read) else { return }
                if due > 0 { latencies.append(Pace.nowNanoseconds - due) } else { isInPlace.yield() }
            }
        }
        guard latencies.count == count else {
            throw BenchError("\(count) records were to be read, \(latencies.count) came")
        }
        return latencies
    }
}

/// The first eight bytes of a message: the monotonic time in nanoseconds at which it was due, in host order.
enum DueTime {
    static func message(_ sizeBytes: Int, due: UInt64) -> [UInt8] {
        var message = [UInt8](repeating: 0, count: Swift.max(sizeBytes, 8))
        withUnsafeBytes(of: due) { message.replaceSubrange(0..<8, with: $0) }
        return message
    }

    static func read(_ message: UnsafeRawBufferPointer) -> UInt64? {
        message.count >= 8 ? message.loadUnaligned(as: UInt64.self) : nil
    }
}
