internal import Martlet

/// One run of produce: reads lines, sends them, and sees to it that a failure ends the run.
struct ProduceSession: ~Copyable {
    enum Format {
        case lines(LineParser)
        case json(keepPartitions: Bool)
    }

    private let producer: Producer
    private let topic: String
    private let partition: PartitionIndex?
    private let headers: [RecordHeader]
    private let format: Format

    private var lines = LineBuffer()
    private var decoder = RecordJSONDecoder()
    private var checkpoints = DeliveryCheckpoints()
    private var latest: DeliveryHandle?
    private var progress: ProgressLine
    private var count = 0
    private var bytes = 0
    /// Of the line that is being sent, from 1.
    private var lineNumber = 0

    init(
        producer: Producer, topic: String, partition: PartitionIndex?, headers: [RecordHeader], format: Format,
        showsProgress: Bool
    ) {
        self.producer = producer
        self.topic = topic
        self.partition = partition
        self.headers = headers
        self.format = format
        progress = ProgressLine(isWanted: showsProgress)
    }

    var summary: String {
        "\(topic): \(HumanText.throughput(records: count, bytes: bytes, in: progress.elapsed))\n"
    }

    /// Returns when every record is acknowledged; those of an input that was stopped, too.
    mutating func run(_ input: InputFile) async throws {
        do {
            try await sendAll(input)
        } catch let error as BadRecord {
            // The record is at fault, not the way to the broker: those before it are delivered.
            try await producer.close()
            progress.clear()
            guard count > 0 else { throw CommandFailure.failed(error.reason) }
            throw CommandFailure.failed(
                "\(error.reason)\n\(HumanText.plural(count, "record")) before it \(count == 1 ? "was" : "were") sent"
            )
        }
        try await producer.close()
        progress.clear()
    }

    private mutating func sendAll(_ input: InputFile) async throws {
        // Also when there is nothing to send, and before somebody has typed anything.
        try await producer.prepare(topic: topic)
        while true {
            guard let room = lines.room() else {
                throw BadRecord("line \(lineNumber + 1) is longer than any record may be")
            }
            let read = try await input.read(into: room)
            if read == 0 { break }
            lines.filled(read)
            while let line = lines.next() {
                try await send(line)
            }
            if let latest { try await checkpoints.add(latest) }
            progress.update(records: count, bytes: bytes, part: input.size.map { Double(bytes) / Double(max($0, 1)) })
        }
        // Half a line is no record.
        if !input.isStopped, let line = lines.last() { try await send(line) }
    }

    @inline(__always)
    private mutating func send(_ line: UnsafeRawBufferPointer) async throws {
        lineNumber += 1
        if case .json = format, line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
        // Nearly always there is room, and nothing to wait for.
        if try !sendNow(line) { try await sendWhenPossible(line) }
    }

    // MARK: One record

    /// What is sent of a line. The bytes are valid as long as the line, and until the next one is decoded.
    private struct Outgoing {
        var key: UnsafeRawBufferPointer?
        var value: UnsafeRawBufferPointer?
        var headers: [RecordHeader]
        var timestamp: TimestampMs?
        var partition: PartitionIndex?
    }

    @inline(__always)
    private mutating func outgoing(_ line: UnsafeRawBufferPointer) throws(BadRecord) -> Outgoing {
        switch format {
        case .lines(let parser):
            let record = parser.parse(line)
            return Outgoing(
                key: record.key, value: record.value, headers: headers, timestamp: nil, partition: partition)
        case .json(let keepPartitions):
            do throws(JSONError) {
                try decoder.decode(line)
            } catch {
                throw BadRecord("line \(lineNumber), \(error)")
            }
            return Outgoing(
                key: decoder.key, value: decoder.value,
                headers: headers.isEmpty ? decoder.headers : decoder.headers + headers, timestamp: decoder.timestamp,
                partition: keepPartitions ? decoder.partition : partition)
        }
    }

    /// False when it would have to wait.
    @inline(__always)
    private mutating func sendNow(_ line: UnsafeRawBufferPointer) throws -> Bool {
        let record = try outgoing(line)
        do throws(MartletError) {
            guard
                let handle = try producer.trySend(
                    topic: topic, key: record.key, value: record.value, headers: record.headers,
                    timestamp: record.timestamp, partition: record.partition)
            else { return false }
            latest = handle
        } catch {
            throw failure(error)
        }
        count += 1
        bytes += line.count + 1
        return true
    }

    private mutating func sendWhenPossible(_ line: UnsafeRawBufferPointer) async throws {
        let record = try outgoing(line)
        do throws(MartletError) {
            latest = try await producer.send(
                topic: topic, key: record.key, value: record.value, headers: record.headers,
                timestamp: record.timestamp, partition: record.partition)
        } catch {
            throw failure(error)
        }
        count += 1
        bytes += line.count + 1
    }

    private func failure(_ error: MartletError) -> any Error {
        guard error.code == .recordTooLarge || error.code == .invalidArgument else { return error }
        return BadRecord("line \(lineNumber): \(Remedy.text(for: error))")
    }
}

/// A line that is no record which could be sent.
private struct BadRecord: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// Notices failed deliveries while the input is still being read, without waiting for recent ones: one record of every
/// piece of input is looked at, some pieces later.
private struct DeliveryCheckpoints: ~Copyable {
    /// Pieces are about 1 MiB: this is well past what a producer has in flight.
    private static let lag = 32

    private var handles: [DeliveryHandle] = []
    private var next = 0

    mutating func add(_ handle: DeliveryHandle) async throws(MartletError) {
        guard handles.count == Self.lag else { return handles.append(handle) }
        let oldest = handles[next]
        handles[next] = handle
        next = (next + 1) % Self.lag
        _ = try await oldest.delivery()
    }
}
