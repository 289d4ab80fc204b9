/// What records hold.
enum Payload: Sendable {
    /// Values of this many bytes that do not compress, no keys.
    case plain(valueBytes: Int)
    /// ``JSONLikeRecords``, keyed.
    case jsonLike

    var valueBytes: Int {
        switch self {
        case .plain(let valueBytes): valueBytes
        case .jsonLike: JSONLikeRecords.valueBytes
        }
    }

    /// What one record takes in an uncompressed batch, about.
    var batchedBytes: Int { valueBytes + 8 }

    func recordCount(filling bytes: Int) -> Int { Swift.max(1, bytes / batchedBytes) }
}

/// Records made beforehand, handed out in turn without allocating.
struct RecordSource: Sendable {
    /// A power of two of them, so that a turn costs no division.
    private let values: [[UInt8]]
    private let keys: [[UInt8]]

    init(_ payload: Payload) {
        switch payload {
        case .plain(let valueBytes):
            var random = SplitMix(state: 1)
            values = (0..<16).map { _ in (0..<valueBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            keys = []
        case .jsonLike:
            let records = JSONLikeRecords()
            values = records.values
            keys = records.keys
        }
        precondition(values.count.nonzeroBitCount == 1, "the number of values is a power of two")
    }

    func value(_ index: Int) -> [UInt8] { values[index & (values.count - 1)] }
    func key(_ index: Int) -> [UInt8]? { keys.isEmpty ? nil : keys[index % keys.count] }
}
