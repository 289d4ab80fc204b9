package import MartletCore

/// What the data directory of a stopped broker says of itself: what a restored store is brought up to date from.
package struct DirectoryReport: Sendable, Equatable {
    /// A partition's log in the directory.
    package struct Replica: Sendable, Equatable {
        package var id: TopicIDPartition
        /// For people; empty when it cannot be told.
        package var topic: String
        /// The highest leader epoch that the directory has seen, whether anything was appended in it or not; -1: none.
        package var highestEpoch: LeaderEpoch
        /// Of the last record; -1 for an empty log.
        package var lastEpoch: LeaderEpoch
        /// The offset that follows the last record.
        package var endOffset: Offset

        package init(
            id: TopicIDPartition, topic: String, highestEpoch: LeaderEpoch, lastEpoch: LeaderEpoch, endOffset: Offset
        ) {
            self.id = id
            self.topic = topic
            self.highestEpoch = highestEpoch
            self.lastEpoch = lastEpoch
            self.endOffset = endOffset
        }
    }

    package var clusterID: String
    package var broker: BrokerID
    package var directoryID: String
    /// The newest revision of the store that the broker has seen.
    package var storeRevision: Revision
    package var replicas: [Replica]

    package init(
        clusterID: String, broker: BrokerID, directoryID: String, storeRevision: Revision, replicas: [Replica]
    ) {
        self.clusterID = clusterID
        self.broker = broker
        self.directoryID = directoryID
        self.storeRevision = storeRevision
        self.replicas = replicas
    }
}

// As a file, for directories on other hosts.
extension DirectoryReport {
    private static let magic = Array("MRTREPT1".utf8)

    /// "MRTREPT1", the crc-32c of what follows (u32), and the fields in their order, all big-endian.
    package var bytes: [UInt8] {
        var body = ByteWriter()
        body.write(clusterID)
        body.write(broker)
        body.write(directoryID)
        body.write(storeRevision)
        body.write(replicas) { writer, replica in
            writer.write(raw: replica.id.topicID.bytes)
            writer.write(replica.id.partition)
            writer.write(replica.topic)
            writer.write(replica.highestEpoch)
            writer.write(replica.lastEpoch)
            writer.write(replica.endOffset)
        }
        var file = ByteWriter()
        file.write(raw: Self.magic)
        file.write(Self.checksum(body.bytes[...]))
        file.write(raw: body.bytes)
        return file.bytes
    }

    /// Reads what ``bytes`` wrote; `.corrupt` for anything else.
    package init(bytes: [UInt8]) throws(MetadataError) {
        let headBytes = Self.magic.count + 4
        var head = ByteReader(bytes.prefix(headBytes).dropFirst(Self.magic.count))
        guard bytes.starts(with: Self.magic), let crc = try? head.read(UInt32.self),
            crc == Self.checksum(bytes[headBytes...])
        else { throw MetadataError(.corrupt, "this is no report of a data directory, or it is damaged") }
        do {
            var body = ByteReader(bytes[headBytes...])
            self.init(
                clusterID: try body.readString(), broker: try body.read(), directoryID: try body.readString(),
                storeRevision: try body.read(), replicas: try body.readList(Self.readReplica))
            try body.expectEnd()
        } catch {
            throw MetadataError(.corrupt, "this report of a data directory cannot be read: \(error.reason)")
        }
    }

    private static func readReplica(_ reader: inout ByteReader) throws(ByteCodingError) -> Replica {
        Replica(
            id: TopicIDPartition(
                topicID: TopicID(high: try reader.read(), low: try reader.read()), partition: try reader.read()),
            topic: try reader.readString(), highestEpoch: try reader.read(), lastEpoch: try reader.read(),
            endOffset: try reader.read())
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { BatchCodec.crc32c($0) }
    }
}
