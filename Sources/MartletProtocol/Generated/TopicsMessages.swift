// Written by proto/generate from proto/martlet/v1/topics.proto; edit that instead.

package import NIOCore

/// One of a topic's settings.
package struct TopicSetting: WireMessage {
    /// "retention.ms"
    package var name: [UInt8] = []
    /// As text: "604800000".
    package var value: [UInt8] = []

    package init() {}

    package init(name: [UInt8] = [], value: [UInt8] = []) {
        self.name = name
        self.value = value
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CreateTopicsRequest: WireMessage {
    package var topics: [NewTopic] = []
    /// Check only: create nothing.
    package var validateOnly: Bool = false

    package init() {}

    package init(topics: [NewTopic] = [], validateOnly: Bool = false) {
        self.topics = topics
        self.validateOnly = validateOnly
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct NewTopic: WireMessage {
    /// 1 to 249 of [A-Za-z0-9._-], neither "." nor "..", not beginning with "__".
    package var name: [UInt8] = []
    /// At least 1; -1: the broker's num.partitions.
    package var partitions: Int32 = 0
    /// At least 1; -1: the default (3 in a cluster of three brokers or more).
    package var replicationFactor: Int32 = 0
    /// The rest is at the broker's defaults.
    package var settings: [TopicSetting] = []

    package init() {}

    package init(
        name: [UInt8] = [], partitions: Int32 = 0, replicationFactor: Int32 = 0, settings: [TopicSetting] = []
    ) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.settings = settings
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CreateTopicsResponse: WireMessage {
    /// In the order of the request.
    package var topics: [TopicResult] = []

    package init() {}

    package init(topics: [TopicResult] = []) {
        self.topics = topics
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct TopicResult: WireMessage {
    package var name: [UInt8] = []
    /// 16 bytes; empty when there is no such topic.
    package var topicID: [UInt8] = []
    /// An ErrorCode's number; 0: done.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""

    package init() {}

    package init(name: [UInt8] = [], topicID: [UInt8] = [], error: Int32 = 0, message: String = "") {
        self.name = name
        self.topicID = topicID
        self.error = error
        self.message = message
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteTopicsRequest: WireMessage {
    package var names: [[UInt8]] = []

    package init() {}

    package init(names: [[UInt8]] = []) {
        self.names = names
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteTopicsResponse: WireMessage {
    /// In the order of the request.
    package var topics: [TopicResult] = []

    package init() {}

    package init(topics: [TopicResult] = []) {
        self.topics = topics
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DescribeTopicsRequest: WireMessage {
    /// By name. No names and no topic_ids: all topics.
    package var names: [[UInt8]] = []
    /// By id, 16 bytes each.
    package var topicIDs: [[UInt8]] = []
    /// Fill in TopicDescription.settings.
    package var withSettings: Bool = false
    /// Fill in offsets and sizes of the partitions, as far as this broker has them.
    package var withSizes: Bool = false
    /// With all topics: also those that the cluster keeps for itself.
    package var includeInternal: Bool = false

    package init() {}

    package init(
        names: [[UInt8]] = [], topicIDs: [[UInt8]] = [], withSettings: Bool = false, withSizes: Bool = false,
        includeInternal: Bool = false
    ) {
        self.names = names
        self.topicIDs = topicIDs
        self.withSettings = withSettings
        self.withSizes = withSizes
        self.includeInternal = includeInternal
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DescribeTopicsResponse: WireMessage {
    /// What was named, in the order of the request: names, then ids. All topics come sorted by name.
    package var topics: [TopicDescription] = []
    /// All brokers that are up.
    package var brokers: [BrokerNode] = []
    /// The broker that decides on leaders; -1: none at present.
    package var controllerID: Int32 = 0
    /// Raised by every change of the metadata: a client never goes back to an older image.
    package var metadataRevision: UInt64 = 0

    package init() {}

    package init(
        topics: [TopicDescription] = [], brokers: [BrokerNode] = [], controllerID: Int32 = 0,
        metadataRevision: UInt64 = 0
    ) {
        self.topics = topics
        self.brokers = brokers
        self.controllerID = controllerID
        self.metadataRevision = metadataRevision
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// A broker and where clients reach it.
package struct BrokerNode: WireMessage {
    /// From 0.
    package var id: Int32 = 0
    /// A name or an address, as advertised.
    package var host: [UInt8] = []
    package var port: UInt32 = 0
    /// Empty: unknown.
    package var rack: [UInt8] = []

    package init() {}

    package init(id: Int32 = 0, host: [UInt8] = [], port: UInt32 = 0, rack: [UInt8] = []) {
        self.id = id
        self.host = host
        self.port = port
        self.rack = rack
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct TopicDescription: WireMessage {
    package var name: [UInt8] = []
    /// 16 bytes; empty when there is no such topic.
    package var topicID: [UInt8] = []
    /// An ErrorCode's number; 0: none.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// The cluster keeps it for itself: clients do not write to it.
    package var isInternal: Bool = false
    /// From partition 0 up, without gaps.
    package var partitions: [PartitionDescription] = []
    /// Every setting there is, sorted by name; only with with_settings.
    package var settings: [SettingDescription] = []

    package init() {}

    package init(
        name: [UInt8] = [], topicID: [UInt8] = [], error: Int32 = 0, message: String = "", isInternal: Bool = false,
        partitions: [PartitionDescription] = [], settings: [SettingDescription] = []
    ) {
        self.name = name
        self.topicID = topicID
        self.error = error
        self.message = message
        self.isInternal = isInternal
        self.partitions = partitions
        self.settings = settings
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PartitionDescription: WireMessage {
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// The broker to produce to and fetch from; -1: none at present.
    package var leaderID: Int32 = 0
    /// Send it along with Produce and Fetch.
    package var leaderEpoch: Int32 = 0
    /// The brokers that keep a copy; the first is the preferred leader.
    package var replicas: [Int32] = []
    /// Those of them that have everything that was acknowledged.
    package var inSyncReplicas: [Int32] = []
    /// The first offset that is still kept. Like the next three: only with with_sizes, -1 when this broker does not
    /// know.
    package var logStartOffset: Int64 = 0
    /// The first offset that consumers do not see yet.
    package var highWatermark: Int64 = 0
    /// The offset that the next record will get.
    package var logEndOffset: Int64 = 0
    /// Of the segments on disk.
    package var sizeBytes: Int64 = 0
    /// For a person: why the partition is offline. Empty: it is online.
    package var offlineReason: [UInt8] = []
    /// What `replicas` is becoming, while they move; empty: they do not.
    package var targetReplicas: [Int32] = []
    /// The latest leader epoch that went to a replica outside the in-sync set, by an operator's order or setting:
    /// records may have been lost then. -1: never.
    package var lastUncleanEpoch: Int32 = 0

    package init() {}

    package init(
        partition: Int32 = 0, leaderID: Int32 = 0, leaderEpoch: Int32 = 0, replicas: [Int32] = [],
        inSyncReplicas: [Int32] = [], logStartOffset: Int64 = 0, highWatermark: Int64 = 0, logEndOffset: Int64 = 0,
        sizeBytes: Int64 = 0, offlineReason: [UInt8] = [], targetReplicas: [Int32] = [], lastUncleanEpoch: Int32 = 0
    ) {
        self.partition = partition
        self.leaderID = leaderID
        self.leaderEpoch = leaderEpoch
        self.replicas = replicas
        self.inSyncReplicas = inSyncReplicas
        self.logStartOffset = logStartOffset
        self.highWatermark = highWatermark
        self.logEndOffset = logEndOffset
        self.sizeBytes = sizeBytes
        self.offlineReason = offlineReason
        self.targetReplicas = targetReplicas
        self.lastUncleanEpoch = lastUncleanEpoch
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct SettingDescription: WireMessage {
    /// "retention.ms"
    package var name: [UInt8] = []
    /// What holds for the topic, as text.
    package var value: [UInt8] = []
    /// Not set on the topic itself: the value is the broker's default.
    package var isDefault: Bool = false
    /// For a person: meaning, unit and range.
    package var documentation: [UInt8] = []

    package init() {}

    package init(name: [UInt8] = [], value: [UInt8] = [], isDefault: Bool = false, documentation: [UInt8] = []) {
        self.name = name
        self.value = value
        self.isDefault = isDefault
        self.documentation = documentation
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlterTopicRequest: WireMessage {
    /// The topic's name.
    package var name: [UInt8] = []
    /// Settings to change.
    package var set: [TopicSetting] = []
    /// Names of settings to put back to the broker's default.
    package var reset: [[UInt8]] = []
    /// The new total number of partitions, which only grows; 0: as it is. Keys go to other partitions afterwards.
    package var partitions: Int32 = 0
    /// Check only: change nothing.
    package var validateOnly: Bool = false

    package init() {}

    package init(
        name: [UInt8] = [], set: [TopicSetting] = [], reset: [[UInt8]] = [], partitions: Int32 = 0,
        validateOnly: Bool = false
    ) {
        self.name = name
        self.set = set
        self.reset = reset
        self.partitions = partitions
        self.validateOnly = validateOnly
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlterTopicResponse: WireMessage {
    package var topic: TopicResult?

    package init() {}

    package init(topic: TopicResult? = nil) {
        self.topic = topic
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteRecordsRequest: WireMessage {
    package var partitions: [DeleteRecordsPartition] = []

    package init() {}

    package init(partitions: [DeleteRecordsPartition] = []) {
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteRecordsPartition: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// The first offset to keep, at most the high watermark; -1: the high watermark.
    package var beforeOffset: Int64 = 0

    package init() {}

    package init(topicID: [UInt8] = [], partition: Int32 = 0, beforeOffset: Int64 = 0) {
        self.topicID = topicID
        self.partition = partition
        self.beforeOffset = beforeOffset
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteRecordsResponse: WireMessage {
    /// In the order of the request.
    package var partitions: [DeleteRecordsPartitionResult] = []

    package init() {}

    package init(partitions: [DeleteRecordsPartitionResult] = []) {
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteRecordsPartitionResult: WireMessage {
    /// An ErrorCode's number; 0: done.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// The first offset that is still kept.
    package var logStartOffset: Int64 = 0

    package init() {}

    package init(error: Int32 = 0, message: String = "", logStartOffset: Int64 = 0) {
        self.error = error
        self.message = message
        self.logStartOffset = logStartOffset
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
