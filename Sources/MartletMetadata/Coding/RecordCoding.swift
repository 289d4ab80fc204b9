internal import MartletCore

/// The bytes of records and keys, in every store. Each record is: kind (u8), version (u8), size (u32), body; all
/// big-endian. A later version may append fields to a body and raise the version. A kind or version that is not known
/// is refused: guessing at metadata loses data.
enum RecordCoding {
    private enum Kind: UInt8 {
        case cluster = 1
        case broker, session, topic, partition, deletion, producerIDs, defaults, controller

        /// What is written now. Broker records of version 1 have no flags but "fenced", and up to version 2 no runs;
        /// partition records of version 1 have no target replicas.
        var version: UInt8 {
            switch self {
            case .broker: 3
            case .partition: 2
            default: 1
            }
        }
    }

    static func write(_ record: MetadataRecord, to writer: inout ByteWriter) {
        let kind = kind(of: record.key)
        writer.write(kind.rawValue)
        writer.write(kind.version)
        writer.writeSized { writeBody(record, to: &$0) }
    }

    static func write(_ key: MetadataKey, to writer: inout ByteWriter) {
        let kind = kind(of: key)
        writer.write(kind.rawValue)
        writer.write(kind.version)
        writer.writeSized { body in
            switch key {
            case .cluster, .controller, .producerIDs, .defaults: break
            case .broker(let id), .session(let id): body.write(id)
            case .topic(let name): body.write(name)
            case .partition(let id): write(id, to: &body)
            case .deletion(let id): body.write(raw: id.bytes)
            }
        }
    }

    static func readRecord(_ reader: inout ByteReader) throws(ByteCodingError) -> MetadataRecord {
        let (kind, version) = try readKind(&reader)
        var body = try reader.readSized()
        let record = try readBody(kind, version, &body)
        try body.expectEnd()
        return record
    }

    static func readKey(_ reader: inout ByteReader) throws(ByteCodingError) -> MetadataKey {
        let (kind, _) = try readKind(&reader)
        var body = try reader.readSized()
        let key: MetadataKey =
            switch kind {
            case .cluster: .cluster
            case .controller: .controller
            case .producerIDs: .producerIDs
            case .defaults: .defaults
            case .broker: .broker(try body.read())
            case .session: .session(try body.read())
            case .topic: .topic(try body.readString())
            case .partition: .partition(try readPartitionID(&body))
            case .deletion: .deletion(try readTopicID(&body))
            }
        try body.expectEnd()
        return key
    }

    private static func kind(of key: MetadataKey) -> Kind {
        switch key {
        case .cluster: .cluster
        case .broker: .broker
        case .session: .session
        case .controller: .controller
        case .topic: .topic
        case .partition: .partition
        case .deletion: .deletion
        case .producerIDs: .producerIDs
        case .defaults: .defaults
        }
    }

    private static func readKind(_ reader: inout ByteReader) throws(ByteCodingError) -> (Kind, version: UInt8) {
        let raw = try reader.read(UInt8.self)
        let version = try reader.read(UInt8.self)
        guard let kind = Kind(rawValue: raw) else {
            throw ByteCodingError(reason: "a record of the unknown kind \(raw)", isNewer: true)
        }
        guard version >= 1 else { throw ByteCodingError(reason: "a \(kind) record of version 0") }
        guard version <= kind.version else {
            throw ByteCodingError(
                reason: "a \(kind) record of version \(version), this broker reads up to \(kind.version)", isNewer: true
            )
        }
        return (kind, version)
    }
}

// The bodies.
extension RecordCoding {
    private static func writeBody(_ record: MetadataRecord, to writer: inout ByteWriter) {
        switch record {
        case .cluster(let cluster):
            writer.write(cluster.id)
            writer.write(cluster.featureLevel)
        case .broker(let broker):
            write(broker, to: &writer)
        case .session(let session):
            writer.write(session.broker)
            writer.write(session.startEpoch)
        case .controller(let controller):
            writer.write(controller.broker)
            writer.write(controller.startEpoch)
        case .topic(let topic):
            writer.write(topic.name)
            writer.write(raw: topic.id.bytes)
            writer.write(topic.partitionCount)
            write(topic.settings, to: &writer)
        case .partition(let partition):
            write(partition, to: &writer)
        case .deletion(let deletion):
            writer.write(raw: deletion.id.bytes)
            writer.write(deletion.name)
            writer.write(deletion.partitionCount)
            writer.write(deletion.pending) { $0.write($1) }
        case .producerIDs(let counter):
            writer.write(counter.next)
        case .defaults(let defaults):
            write(defaults.settings, to: &writer)
        }
    }

    private static func readBody(
        _ kind: Kind, _ version: UInt8, _ body: inout ByteReader
    ) throws(ByteCodingError) -> MetadataRecord {
        switch kind {
        case .cluster: .cluster(ClusterRecord(id: try body.readString(), featureLevel: try body.read()))
        case .broker: .broker(try readBroker(version, &body))
        case .session: .session(SessionRecord(broker: try body.read(), startEpoch: try body.read()))
        case .controller: .controller(ControllerRecord(broker: try body.read(), startEpoch: try body.read()))
        case .topic: .topic(try readTopic(&body))
        case .partition: .partition(try readPartition(version, &body))
        case .deletion: .deletion(try readDeletion(&body))
        case .producerIDs: .producerIDs(ProducerIDCounter(next: try body.read()))
        case .defaults: .defaults(DefaultSettings(settings: try readSettings(&body)))
        }
    }

    private static func write(_ broker: BrokerRecord, to writer: inout ByteWriter) {
        writer.write(broker.id)
        writer.write(broker.startEpoch)
        writer.write(broker.directoryID)
        writer.write(broker.host)
        writer.write(broker.port)
        writer.write(broker.rack)
        writer.write(broker.isFenced)
        writer.write(broker.isStopping)
        writer.write(broker.isDraining)
        writer.write(broker.runs)
    }

    private static func readBroker(_ version: UInt8, _ body: inout ByteReader) throws(ByteCodingError) -> BrokerRecord {
        var broker = BrokerRecord(
            id: try body.read(), startEpoch: try body.read(), directoryID: try body.readString(),
            host: try body.readString(), port: try body.read(), rack: try body.readString(),
            isFenced: try body.readBool())
        if version >= 2 {
            broker.isStopping = try body.readBool()
            broker.isDraining = try body.readBool()
        }
        if version >= 3 { broker.runs = try body.read() }
        return broker
    }

    private static func readTopic(_ body: inout ByteReader) throws(ByteCodingError) -> TopicRecord {
        TopicRecord(
            name: try body.readString(), id: try readTopicID(&body), partitionCount: try body.read(),
            settings: try readSettings(&body))
    }

    private static func write(_ partition: PartitionRecord, to writer: inout ByteWriter) {
        write(partition.id, to: &writer)
        writer.write(partition.leader != nil)
        writer.write(partition.leader?.broker ?? -1)
        writer.write(partition.leader?.startEpoch ?? -1)
        writer.write(partition.leaderEpoch)
        writer.write(partition.replicas) { $0.write($1) }
        writer.write(partition.inSyncReplicas) { $0.write($1) }
        writer.write(partition.targetReplicas) { $0.write($1) }
        writer.write(partition.formerReplicas) { $0.write($1) }
        writer.write(partition.lastUncleanEpoch)
    }

    private static func readPartition(_ version: UInt8, _ body: inout ByteReader) throws(ByteCodingError)
        -> PartitionRecord
    {
        let id = try readPartitionID(&body)
        let hasLeader = try body.readBool()
        let leader = PartitionLeader(broker: try body.read(), startEpoch: try body.read())
        var partition = PartitionRecord(
            id: id, leader: hasLeader ? leader : nil, leaderEpoch: try body.read(),
            replicas: try readBrokers(&body), inSyncReplicas: try readBrokers(&body))
        if version >= 2 {
            partition.targetReplicas = try readBrokers(&body)
            partition.formerReplicas = try readBrokers(&body)
            partition.lastUncleanEpoch = try body.read()
        }
        return partition
    }

    private static func readDeletion(_ body: inout ByteReader) throws(ByteCodingError) -> TopicDeletion {
        TopicDeletion(
            id: try readTopicID(&body), name: try body.readString(), partitionCount: try body.read(),
            pending: try readBrokers(&body))
    }

    private static func write(_ id: TopicIDPartition, to writer: inout ByteWriter) {
        writer.write(raw: id.topicID.bytes)
        writer.write(id.partition)
    }

    private static func readPartitionID(_ body: inout ByteReader) throws(ByteCodingError) -> TopicIDPartition {
        TopicIDPartition(topicID: try readTopicID(&body), partition: try body.read())
    }

    private static func readTopicID(_ body: inout ByteReader) throws(ByteCodingError) -> TopicID {
        TopicID(high: try body.read(), low: try body.read())
    }

    private static func readBrokers(_ body: inout ByteReader) throws(ByteCodingError) -> [BrokerID] {
        try body.readList { (reader) throws(ByteCodingError) in try reader.read(BrokerID.self) }
    }

    /// Sorted by name, so that equal settings are equal bytes.
    private static func write(_ settings: [String: String], to writer: inout ByteWriter) {
        writer.write(settings.sorted { $0.key < $1.key }) {
            $0.write($1.key)
            $0.write($1.value)
        }
    }

    private static func readSettings(_ body: inout ByteReader) throws(ByteCodingError) -> [String: String] {
        let pairs = try body.readList { (reader) throws(ByteCodingError) in
            (try reader.readString(), try reader.readString())
        }
        return Dictionary(pairs) { _, latest in latest }
    }
}
