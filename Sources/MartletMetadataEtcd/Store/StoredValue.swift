internal import MartletMetadata

/// What stands under a key in etcd:
///
///     at  size  field
///     0   1     format version, 1
///     1   16    mark of the transaction that wrote it
///     17  ..    the record, which names its own kind and version
struct StoredValue: Equatable {
    static let version: UInt8 = 1
    private static let headBytes = 1 + TransactionMark.byteCount

    var mark: TransactionMark
    var record: MetadataRecord

    var bytes: [UInt8] {
        [Self.version] + mark.bytes + RecordBytes.encode(record)
    }

    init(mark: TransactionMark, record: MetadataRecord) {
        self.mark = mark
        self.record = record
    }

    /// Reads the value of a key, whose record must belong there.
    init(_ pair: KeyValue, layout: KeyLayout) throws(MetadataError) {
        let bytes = pair.value
        do throws(MetadataError) {
            guard bytes.count >= Self.headBytes else { throw MetadataError(.corrupt, "its value is too short") }
            guard bytes[0] == Self.version else {
                throw MetadataError(
                    .newerFormat, "its value has version \(bytes[0]), this broker reads version \(Self.version)")
            }
            mark = TransactionMark(bytes: Array(bytes[1..<Self.headBytes]))
            record = try RecordBytes.decode(bytes[Self.headBytes...])
            guard layout.key(of: record.key) == pair.key else {
                throw MetadataError(.corrupt, "it holds the record of another key, \(record.key)")
            }
        } catch {
            let key = String(decoding: pair.key, as: UTF8.self)
            throw MetadataError(error.code, "etcd's key \(key) is not usable: \(error.message)")
        }
    }
}

/// Tells the writes of one transaction from those of all others: sixteen random bytes. Who did not hear what became of
/// a transaction looks for its mark.
struct TransactionMark: Hashable, Sendable {
    static let byteCount = 16

    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    static func random() -> TransactionMark {
        var generator = SystemRandomNumberGenerator()
        return TransactionMark(bytes: (0..<byteCount).map { _ in generator.next() })
    }
}
