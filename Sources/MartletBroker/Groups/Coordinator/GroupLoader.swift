internal import MartletCore
internal import MartletStorage

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Reads the groups of one partition back from its log.
struct GroupLoader {
    private static let readBytes = 4 << 20

    private let log: PartitionLog
    private var groups: [String: Group] = [:]

    /// All groups with what they have below `end`. Blocks; O(log size).
    ///
    /// - Throws: COORDINATOR_NOT_AVAILABLE when the log cannot be read, or holds what only a newer broker understands.
    static func load(_ log: PartitionLog, upTo end: Offset) throws(BrokerError) -> [String: Group] {
        var loader = GroupLoader(log)
        do {
            try loader.read(upTo: end)
        } catch let error as BrokerError {
            throw error
        } catch {
            throw BrokerError(
                .coordinatorNotAvailable, "\(log.topic)-\(log.id.partition) cannot be read back: \(error)")
        }
        return loader.groups
    }

    private init(_ log: PartitionLog) { self.log = log }

    private mutating func read(upTo end: Offset) throws {
        var offset = log.logStartOffset
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.maxMessageBytesCeiling, alignment: 8)
        defer { memory.deallocate() }
        while offset < end, let read = try log.read(from: offset, maxBytes: Self.readBytes, upTo: end) {
            let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<min(read.count, memory.count)])
            try fill(bytes, from: read)
            try takeBatches(UnsafeRawBufferPointer(bytes), from: offset)
            offset = read.nextOffset
        }
    }

    private func fill(_ bytes: UnsafeMutableRawBufferPointer, from read: LogRead) throws(BrokerError) {
        var done = 0
        while done < bytes.count {
            let count = pread(
                read.lease.descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done,
                off_t(read.filePosition + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw BrokerError(
                    .coordinatorNotAvailable,
                    "\(read.lease.path) cannot be read at byte \(read.filePosition + done): error \(errno)")
            }
            done += count
        }
    }

    private mutating func takeBatches(_ bytes: UnsafeRawBufferPointer, from offset: Offset) throws {
        var rest = bytes
        while !rest.isEmpty {
            let header = try BatchCodec.check(rest, sizeLimit: rest.count)
            let batch = UnsafeRawBufferPointer(rebasing: rest[..<header.sizeBytes])
            // Never compressed: it is written by this broker alone.
            var unpacked = UnpackBuffer()
            let records = try unpacked.records(of: batch, header: header, limit: Limits.unpackedBytes)
            var iterator = RecordIterator(header: header, records: records)
            while let record = try iterator.next() {
                guard record.offset >= offset, let key = record.key else { continue }
                try take(key: key, value: record.value)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[header.sizeBytes...])
        }
    }

    private mutating func take(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) throws {
        let record = try GroupRecord.decode(key: key, value: value)
        groups[record.key.group, default: Group(name: record.key.group)].restore(record)
    }
}
