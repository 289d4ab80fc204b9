@testable import MartletBroker

/// The partition of `__consumer_offsets` that holds the group: batches of encoded records, of which a crash leaves
/// those that were synced and perhaps some more.
struct SimulatedLog {
    private struct Record {
        var key: [UInt8]
        var value: [UInt8]?
    }

    private var batches: [[Record]] = []
    private(set) var durableCount = 0

    var count: Int { batches.count }

    mutating func append(_ records: [GroupRecord]) {
        batches.append(
            records.map { record in
                var key: [UInt8] = []
                record.key.encode(into: &key)
                guard let value = record.value else { return Record(key: key, value: nil) }
                var bytes: [UInt8] = []
                value.encode(into: &bytes)
                return Record(key: key, value: bytes)
            })
    }

    mutating func sync(upTo count: Int) { durableCount = max(durableCount, min(count, batches.count)) }

    /// Keeps what was synced and `more` batches; what is left is durable from now on, as after recovery.
    mutating func crash(keeping more: Int) {
        batches.removeLast(max(0, batches.count - durableCount - more))
        durableCount = batches.count
    }

    /// The newest record per key, which is what compaction leaves, or all of them.
    func records(isCompacted: Bool, upTo count: Int) throws -> [GroupRecord] {
        var last: [[UInt8]: Int] = [:]
        let all = Array(batches[..<count].joined())
        for (index, record) in all.enumerated() { last[record.key] = index }
        var result: [GroupRecord] = []
        for (index, record) in all.enumerated() where !isCompacted || last[record.key] == index {
            result.append(
                try record.key.withUnsafeBytes { key in
                    guard let value = record.value else { return try GroupRecord.decode(key: key, value: nil) }
                    return try value.withUnsafeBytes { try GroupRecord.decode(key: key, value: $0) }
                })
        }
        return result
    }
}
