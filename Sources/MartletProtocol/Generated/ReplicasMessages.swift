// Written by proto/generate from proto/martlet/v1/replicas.proto; edit that instead.

package import NIOCore

package struct ReportDurableRequest: WireMessage {
    /// Who reports.
    package var replica: FetchReplica?
    package var partitions: [DurablePartition] = []

    package init() {}

    package init(replica: FetchReplica? = nil, partitions: [DurablePartition] = []) {
        self.replica = replica
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DurablePartition: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// At which the reporter follows.
    package var leaderEpoch: Int32 = 0
    /// The first offset that the reporter might lose when its host loses power.
    package var durableOffset: Int64 = 0
    /// As in the reporter's fetches.
    package var incarnation: Int32 = 0

    package init() {}

    package init(
        topicID: [UInt8] = [], partition: Int32 = 0, leaderEpoch: Int32 = 0, durableOffset: Int64 = 0,
        incarnation: Int32 = 0
    ) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.durableOffset = durableOffset
        self.incarnation = incarnation
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReportDurableResponse: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReadBatchesRequest: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// In the first batch wanted.
    package var offset: Int64 = 0
    /// The first offset not wanted.
    package var endOffset: Int64 = 0
    /// The most bytes; the first batch is returned even if it is larger.
    package var maxBytes: UInt32 = 0

    package init() {}

    package init(
        topicID: [UInt8] = [], partition: Int32 = 0, offset: Int64 = 0, endOffset: Int64 = 0, maxBytes: UInt32 = 0
    ) {
        self.topicID = topicID
        self.partition = partition
        self.offset = offset
        self.endOffset = endOffset
        self.maxBytes = maxBytes
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReadBatchesResponse: WireMessage {
    /// An ErrorCode's number; 0: the attachment is whole batches that hold `offset` and what follows it.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""

    package init() {}

    package init(error: Int32 = 0, message: String = "") {
        self.error = error
        self.message = message
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReplicaStatesRequest: WireMessage {
    /// Topics by id, 16 bytes each. None: all partitions on the broker.
    package var topicIDs: [[UInt8]] = []

    package init() {}

    package init(topicIDs: [[UInt8]] = []) {
        self.topicIDs = topicIDs
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReplicaStatesResponse: WireMessage {
    package var brokerID: Int32 = 0
    package var startEpoch: Int64 = 0
    /// Sorted by topic id and partition.
    package var partitions: [ReplicaState] = []

    package init() {}

    package init(brokerID: Int32 = 0, startEpoch: Int64 = 0, partitions: [ReplicaState] = []) {
        self.brokerID = brokerID
        self.startEpoch = startEpoch
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReplicaState: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// This broker leads it. Neither this nor is_follower: it does neither at present.
    package var isLeader: Bool = false
    /// The newest leader epoch that the replica knows.
    package var leaderEpoch: Int32 = 0
    /// The leader epoch of its last record; -1: its log is empty.
    package var lastEpoch: Int32 = 0
    /// The first offset that is still kept.
    package var logStartOffset: Int64 = 0
    /// The first offset past its log.
    package var logEndOffset: Int64 = 0
    /// The first offset that it might lose when its host loses power.
    package var durableOffset: Int64 = 0
    /// The high watermark as it knows it.
    package var highWatermark: Int64 = 0
    /// Of the segments on disk.
    package var sizeBytes: Int64 = 0
    /// For a person: why the replica does not serve. Empty: it does.
    package var trouble: [UInt8] = []
    /// It copies the partition from its leader.
    package var isFollower: Bool = false
    /// The topic's name.
    package var topic: [UInt8] = []
    /// What the leader knows of the others; empty on any other broker.
    package var followers: [FollowerState] = []

    package init() {}

    package init(
        topicID: [UInt8] = [], partition: Int32 = 0, isLeader: Bool = false, leaderEpoch: Int32 = 0,
        lastEpoch: Int32 = 0, logStartOffset: Int64 = 0, logEndOffset: Int64 = 0, durableOffset: Int64 = 0,
        highWatermark: Int64 = 0, sizeBytes: Int64 = 0, trouble: [UInt8] = [], isFollower: Bool = false,
        topic: [UInt8] = [], followers: [FollowerState] = []
    ) {
        self.topicID = topicID
        self.partition = partition
        self.isLeader = isLeader
        self.leaderEpoch = leaderEpoch
        self.lastEpoch = lastEpoch
        self.logStartOffset = logStartOffset
        self.logEndOffset = logEndOffset
        self.durableOffset = durableOffset
        self.highWatermark = highWatermark
        self.sizeBytes = sizeBytes
        self.trouble = trouble
        self.isFollower = isFollower
        self.topic = topic
        self.followers = followers
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// A follower as its leader knows it.
package struct FollowerState: WireMessage {
    package var brokerID: Int32 = 0
    /// The first offset past its log; -1: it has not fetched yet.
    package var logEndOffset: Int64 = 0
    /// The first offset that it might lose when its host loses power; -1: it has not fetched yet.
    package var durableOffset: Int64 = 0
    package var isInSync: Bool = false
    /// For how long it has not had everything, in milliseconds; -1: unknown.
    package var lagMs: Int64 = 0

    package init() {}

    package init(
        brokerID: Int32 = 0, logEndOffset: Int64 = 0, durableOffset: Int64 = 0, isInSync: Bool = false, lagMs: Int64 = 0
    ) {
        self.brokerID = brokerID
        self.logEndOffset = logEndOffset
        self.durableOffset = durableOffset
        self.isInSync = isInSync
        self.lagMs = lagMs
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReportDeathRequest: WireMessage {
    /// Who does not answer any more.
    package var brokerID: Int32 = 0
    /// The run of it that the caller was connected to.
    package var startEpoch: Int64 = 0

    package init() {}

    package init(brokerID: Int32 = 0, startEpoch: Int64 = 0) {
        self.brokerID = brokerID
        self.startEpoch = startEpoch
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReportDeathResponse: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct RequestMoveRequest: WireMessage {
    /// The leader that asks.
    package var leader: FetchReplica?
    package var partitions: [MovePartition] = []

    package init() {}

    package init(leader: FetchReplica? = nil, partitions: [MovePartition] = []) {
        self.leader = leader
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct MovePartition: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// At which the caller leads.
    package var leaderEpoch: Int32 = 0

    package init() {}

    package init(topicID: [UInt8] = [], partition: Int32 = 0, leaderEpoch: Int32 = 0) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct RequestMoveResponse: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReachableRequest: WireMessage {
    package var brokerIDs: [Int32] = []

    package init() {}

    package init(brokerIDs: [Int32] = []) {
        self.brokerIDs = brokerIDs
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReachableResponse: WireMessage {
    /// Those of the request that answered.
    package var brokerIDs: [Int32] = []

    package init() {}

    package init(brokerIDs: [Int32] = []) {
        self.brokerIDs = brokerIDs
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
