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

/// Records made beforehand, handed out in turn: nothing is allocated or counted for a record, so that what is measured
/// is the producer.
///
/// Sendable: what it points to is written in `init` and read only from then on.
final class RecordSource: @unchecked Sendable {
    /// A power of two of them, so that a turn costs no division.
    private let values: Table
    private let keys: Table

    init(_ payload: Payload) {
        switch payload {
        case .plain(let valueBytes):
            var random = SplitMix(state: 1)
            values = Table((0..<16).map { _ in (0..<valueBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) } })
            keys = Table([])
        case .jsonLike:
            let records = JSONLikeRecords()
            values = Table(records.values)
            keys = Table(records.keys)
        }
        precondition(values.count.nonzeroBitCount == 1, "the number of values is a power of two")
    }

    deinit {
        values.deallocate()
        keys.deallocate()
    }

    /// Valid for as long as the source.
    func value(_ index: Int) -> UnsafeRawBufferPointer { values.entries[index & (values.count - 1)] }
    /// The same.
    func key(_ index: Int) -> UnsafeRawBufferPointer? { keys.count == 0 ? nil : keys.entries[index % keys.count] }

    /// Byte strings in memory of their own.
    private struct Table {
        let count: Int
        let entries: UnsafeMutablePointer<UnsafeRawBufferPointer>
        private let bytes: UnsafeMutableRawBufferPointer

        init(_ strings: [[UInt8]]) {
            count = strings.count
            bytes = .allocate(byteCount: strings.reduce(0) { $0 + $1.count }, alignment: 64)
            entries = .allocate(capacity: count)
            var end = 0
            for (index, string) in strings.enumerated() {
                let place = UnsafeMutableRawBufferPointer(rebasing: bytes[end..<end + string.count])
                place.copyBytes(from: string)
                (entries + index).initialize(to: UnsafeRawBufferPointer(place))
                end += string.count
            }
        }

        func deallocate() {
            entries.deallocate()
            bytes.deallocate()
        }
    }
}
