internal import MartletCore

/// Puts records of groups into record batches.
struct GroupBatchWriter: ~Copyable {
    /// What one batch is filled up to. The records of one event stay together, however large they are.
    private static let targetBytes = 1 << 20
    /// What a record takes beside its key and value, at most.
    private static let recordOverheadBytes = 40

    private var builder: BatchBuilder

    init() throws(BatchError) {
        builder = try BatchBuilder(
            compression: .none, targetBytes: Limits.maxMessageBytesCeiling, sizeLimit: Limits.maxMessageBytesCeiling)
    }

    /// The records of one event, encoded.
    struct Entry {
        let group: String
        let position: Int64
        private(set) var records: [(key: [UInt8], value: [UInt8]?)] = []
        private(set) var sizeBytes = 0

        init(group: String, position: Int64, _ records: [GroupRecord]) {
            self.group = group
            self.position = position
            self.records.reserveCapacity(records.count)
            for record in records {
                var key: [UInt8] = []
                record.key.encode(into: &key)
                var value: [UInt8]?
                if let content = record.value {
                    var bytes: [UInt8] = []
                    content.encode(into: &bytes)
                    value = bytes
                }
                sizeBytes += key.count + (value?.count ?? 0) + recordOverheadBytes
                self.records.append((key, value))
            }
        }
    }

    /// A batch of the first of `entries`, and how many they are; at least one.
    mutating func batch(of entries: some Collection<Entry>, at time: TimestampMs) throws(BatchError) -> (
        bytes: [UInt8], count: Int
    ) {
        builder.reset()
        var count = 0
        for entry in entries {
            guard count == 0 || builder.sizeBytes + entry.sizeBytes <= Self.targetBytes else { break }
            for record in entry.records { try append(record, time) }
            count += 1
        }
        return (Array(try builder.finish()), count)
    }

    private mutating func append(
        _ record: (key: [UInt8], value: [UInt8]?), _ time: TimestampMs
    ) throws(BatchError) {
        let result = record.key.withUnsafeBytes { key in
            guard let value = record.value else { return builder.append(timestamp: time, key: key, value: nil) }
            return value.withUnsafeBytes { builder.append(timestamp: time, key: key, value: $0) }
        }
        switch result {
        case .appended: return
        case .full, .recordTooLarge, .tooManyHeaders: throw .tooLarge
        case .outOfMemory: throw .outOfMemory
        }
    }
}
