internal import MartletCore

/// The bytes of the embedded store's journal, one file. All integers big-endian.
///
///     at  size  head of the file
///     0   8     "MRTMETA1"
///     8   4     format version, 1
///     12  4     crc-32c of the twelve bytes before
///
///     at  size  frame, back to back after the head
///     0   4     crc-32c of all that follows
///     4   4     size of the payload
///     8   ..    payload: kind (u8), revision (i64), then
///               kind 1, snapshot: number of records (u32), each as its revision (i64) and the record
///               kind 2, transaction: number of changes (u32), each as 1 and the record, or 2 and the key
///               kind 3, seal: where the metadata has moved to, for people (size u32, UTF-8)
///
/// The first frame is a snapshot, all others are transactions with consecutive revisions. A seal has the revision of
/// the frame before it and is the last frame there ever is.
enum JournalFormat {
    static let version: UInt32 = 1
    static let headSize = 16
    static let frameHeadSize = 8
    private static let magic = Array("MRTMETA1".utf8)
    private static let payloadSizeMin = 9
    /// Far beyond what a store reaches, and far enough from overflow.
    private static let revisionLimit: Revision = 1 << 60

    private enum Kind {
        static let snapshot: UInt8 = 1
        static let transaction: UInt8 = 2
        static let seal: UInt8 = 3
    }

    static func fileHead() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: magic)
        writer.write(version)
        writer.write(checksum(writer.bytes[...]))
        return writer.bytes
    }

    static func snapshotFrame(_ image: ClusterImage) -> [UInt8] {
        frame { writer in
            writer.write(Kind.snapshot)
            writer.write(image.revision)
            writer.write(UInt32(image.recordCount))
            image.forEachRecord { record, revision in
                writer.write(revision)
                RecordCoding.write(record, to: &writer)
            }
        }
    }

    static func transactionFrame(_ update: MetadataUpdate) -> [UInt8] {
        frame { writer in
            writer.write(Kind.transaction)
            writer.write(update.revision)
            writer.write(update.changes) { writer, change in
                switch change {
                case .put(let record):
                    writer.write(UInt8(1))
                    RecordCoding.write(record, to: &writer)
                case .remove(let key):
                    writer.write(UInt8(2))
                    RecordCoding.write(key, to: &writer)
                }
            }
        }
    }

    static func sealFrame(_ destination: String, revision: Revision) -> [UInt8] {
        frame { writer in
            writer.write(Kind.seal)
            writer.write(revision)
            writer.write(destination)
        }
    }

    private static func frame(_ payload: (inout ByteWriter) -> Void) -> [UInt8] {
        var body = ByteWriter()
        body.writeSized(payload)
        var writer = ByteWriter()
        writer.write(checksum(body.bytes[...]))
        writer.write(raw: body.bytes)
        return writer.bytes
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { BatchCodec.crc32c($0) }
    }
}

/// What a journal's bytes held.
struct JournalContent {
    var image: ClusterImage
    /// Where the next frame goes; what lies behind is a torn write.
    var end: Int
    /// Bytes of the torn write that were found, 0 after an orderly stop.
    var tornBytes: Int
    /// How many bytes lie behind the snapshot.
    var transactionBytes: Int
    /// Where the metadata has moved to; nil when it has not.
    var sealedFor: String?
}

// Reading: of bytes that may be anything.
extension JournalFormat {
    /// Reads a whole journal. Every transaction is synced before the next is written, so at most the last frame can be
    /// torn: a bad frame with a good one behind it is damage, and is refused rather than cut.
    static func read(_ bytes: [UInt8]) throws(MetadataError) -> JournalContent {
        try checkFileHead(bytes)
        guard let first = payload(of: bytes, at: headSize), first.first == Kind.snapshot else {
            throw MetadataError(.corrupt, "the snapshot at its beginning is damaged")
        }
        var position = headSize + frameHeadSize + first.count
        let snapshotEnd = position
        var image = try decoded(at: headSize) { () throws(ByteCodingError) in try snapshot(first) }
        var sealedFor: String?
        while let payload = payload(of: bytes, at: position) {
            guard sealedFor == nil else {
                throw MetadataError(.corrupt, "something was written behind its seal, at byte \(position)")
            }
            guard payload.first != Kind.seal else {
                sealedFor = try decoded(at: position) { () throws(ByteCodingError) in try seal(payload) }
                position += frameHeadSize + payload.count
                continue
            }
            let update = try decoded(at: position) { () throws(ByteCodingError) in try transaction(payload) }
            guard update.revision == image.revision + 1 else {
                throw MetadataError(
                    .corrupt, "revision \(update.revision) follows \(image.revision) at byte \(position)")
            }
            image.apply(update)
            position += frameHeadSize + payload.count
        }
        if let later = transactionBehind(position, in: bytes, above: image.revision) {
            throw MetadataError(
                .corrupt, "the transaction at byte \(position) is damaged, and a good one follows at byte \(later)")
        }
        return JournalContent(
            image: image, end: position, tornBytes: bytes.count - position,
            transactionBytes: position - snapshotEnd, sealedFor: sealedFor)
    }

    private static func checkFileHead(_ bytes: [UInt8]) throws(MetadataError) {
        guard bytes.count >= headSize, bytes.starts(with: magic) else {
            throw MetadataError(.corrupt, "it does not begin as a metadata journal does")
        }
        var reader = ByteReader(bytes[8..<headSize])
        guard let version = try? reader.read(UInt32.self), let crc = try? reader.read(UInt32.self),
            crc == checksum(bytes[..<12])
        else { throw MetadataError(.corrupt, "the checksum of its head is wrong") }
        guard version == Self.version else {
            throw MetadataError(
                .newerFormat, "it has format version \(version), this broker reads version \(Self.version)")
        }
    }

    /// The payload of the whole, undamaged frame at `position`; nil for anything else.
    private static func payload(of bytes: [UInt8], at position: Int) -> ArraySlice<UInt8>? {
        var reader = ByteReader(bytes[min(position, bytes.count)...])
        guard let crc = try? reader.read(UInt32.self), let size = try? reader.read(UInt32.self),
            size >= payloadSizeMin, let payload = try? reader.read(count: Int(size)),
            crc == checksum(bytes[position + 4..<payload.endIndex])
        else { return nil }
        return payload
    }

    /// Where behind a bad frame a good transaction above `revision` begins. Its kind and revision are looked at before
    /// the checksum, which keeps the search linear.
    private static func transactionBehind(_ position: Int, in bytes: [UInt8], above revision: Revision) -> Int? {
        guard position + 1 < bytes.count else { return nil }
        return (position + 1..<bytes.count).first { candidate in
            let kindAt = candidate + frameHeadSize
            guard kindAt + 9 <= bytes.count, bytes[kindAt] == Kind.transaction else { return false }
            var reader = ByteReader(bytes[(kindAt + 1)...])
            guard let found = try? reader.read(Revision.self), found > revision, found - revision < 1 << 32 else {
                return false
            }
            return payload(of: bytes, at: candidate) != nil
        }
    }

    private static func decoded<Value>(
        at position: Int, _ body: () throws(ByteCodingError) -> Value
    ) throws(MetadataError) -> Value {
        do {
            return try body()
        } catch {
            throw MetadataError(error.isNewer ? .newerFormat : .corrupt, "at byte \(position) it has \(error.reason)")
        }
    }

    private static func snapshot(_ payload: ArraySlice<UInt8>) throws(ByteCodingError) -> ClusterImage {
        var reader = ByteReader(payload.dropFirst())
        let revision = try reader.read(Revision.self)
        guard (0..<revisionLimit).contains(revision) else { throw ByteCodingError(reason: "the revision \(revision)") }
        var image = ClusterImage()
        for _ in 0..<(try reader.read(UInt32.self)) {
            let written = try reader.read(Revision.self)
            guard written > 0, written <= revision else {
                throw ByteCodingError(reason: "a record of revision \(written) in a snapshot of revision \(revision)")
            }
            image.restore(try RecordCoding.readRecord(&reader), revision: written)
        }
        try reader.expectEnd()
        image.restore(revision: revision)
        return image
    }

    private static func seal(_ payload: ArraySlice<UInt8>) throws(ByteCodingError) -> String {
        var reader = ByteReader(payload.dropFirst())
        _ = try reader.read(Revision.self)
        let destination = try reader.readString()
        try reader.expectEnd()
        return destination
    }

    private static func transaction(_ payload: ArraySlice<UInt8>) throws(ByteCodingError) -> MetadataUpdate {
        var reader = ByteReader(payload)
        guard try reader.read(UInt8.self) == Kind.transaction else {
            throw ByteCodingError(reason: "a frame that is no transaction")
        }
        let revision = try reader.read(Revision.self)
        let changes = try reader.readList { (reader) throws(ByteCodingError) -> MetadataChange in
            switch try reader.read(UInt8.self) {
            case 1: .put(try RecordCoding.readRecord(&reader))
            case 2: .remove(try RecordCoding.readKey(&reader))
            case let other: throw ByteCodingError(reason: "a change of the unknown kind \(other)", isNewer: true)
            }
        }
        try reader.expectEnd()
        return MetadataUpdate(revision: revision, changes: changes)
    }
}
