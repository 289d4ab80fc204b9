// Written by proto/generate from proto/martlet/v1/records.proto; edit that instead.

package import NIOCore

package struct ProduceRequest: WireMessage {
    /// 0: do not wait (send the request one_way). 1: the leader has it. -1: all in-sync replicas have it. What "has"
    /// means is the topic's `flush` setting: synced to disk (`batch`) or appended (`interval`, `os`).
    package var acks: Int32 = 0
    /// How long to wait for acks, in milliseconds; at most the call's timeout. 0: as long as the call's timeout.
    package var timeoutMs: UInt32 = 0
    /// At most one entry, and so one batch, per partition.
    package var partitions: [ProducePartition] = []

    package init() {}

    package init(acks: Int32 = 0, timeoutMs: UInt32 = 0, partitions: [ProducePartition] = []) {
        self.acks = acks
        self.timeoutMs = timeoutMs
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ProducePartition: WireMessage {
    /// 16 bytes, from DescribeTopics or CreateTopics.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// The partition's leader epoch as the client knows it; -1: any.
    package var leaderEpoch: Int32 = 0
    /// The size of the batch in the attachment: exactly one batch.
    package var batchBytes: UInt32 = 0

    package init() {}

    package init(topicID: [UInt8] = [], partition: Int32 = 0, leaderEpoch: Int32 = 0, batchBytes: UInt32 = 0) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.batchBytes = batchBytes
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ProduceResponse: WireMessage {
    /// In the order of the request.
    package var partitions: [ProducePartitionResult] = []

    package init() {}

    package init(partitions: [ProducePartitionResult] = []) {
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ProducePartitionResult: WireMessage {
    /// An ErrorCode's number; 0: the batch was appended.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// The offset of the batch's first record; -1 on error. Of a batch that was appended before (same producer, epoch
    /// and sequence): where it was appended then.
    package var baseOffset: Int64 = 0
    /// The time that the broker gave the records, in milliseconds since 1970; -1: they keep their own timestamps.
    package var logAppendTimeMs: Int64 = 0
    /// The first offset that is still kept.
    package var logStartOffset: Int64 = 0
    /// Set when the error says that another broker or epoch leads.
    package var leader: LeaderHint?

    package init() {}

    package init(
        error: Int32 = 0, message: String = "", baseOffset: Int64 = 0, logAppendTimeMs: Int64 = 0,
        logStartOffset: Int64 = 0, leader: LeaderHint? = nil
    ) {
        self.error = error
        self.message = message
        self.baseOffset = baseOffset
        self.logAppendTimeMs = logAppendTimeMs
        self.logStartOffset = logStartOffset
        self.leader = leader
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// Who leads a partition, as the broker that answers knows it.
package struct LeaderHint: WireMessage {
    /// -1: nobody.
    package var brokerID: Int32 = 0
    package var leaderEpoch: Int32 = 0

    package init() {}

    package init(brokerID: Int32 = 0, leaderEpoch: Int32 = 0) {
        self.brokerID = brokerID
        self.leaderEpoch = leaderEpoch
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct FetchRequest: WireMessage {
    /// How long to wait until min_bytes are there, in milliseconds; at most the call's timeout. 0: answer at once.
    package var maxWaitMs: UInt32 = 0
    /// Answer as soon as this many bytes can be read. 0: answer at once.
    package var minBytes: UInt32 = 0
    /// The most attachment bytes in the whole response, but for a single batch that is larger.
    package var maxBytes: UInt32 = 0
    /// What is wanted. Those that come first are served first.
    package var partitions: [FetchPartition] = []
    /// Where the reader is, in the terms of the brokers' own racks: a leader may send it to an in-sync replica there
    /// (`nearer`), and only a reader that says where it is may read from a follower. Empty: leaders only.
    package var rack: [UInt8] = []
    /// Set by a broker that copies partitions from their leader: it reads up to the log's end and tells how far its own
    /// copy is. Clients leave it out.
    package var replica: FetchReplica?

    package init() {}

    package init(
        maxWaitMs: UInt32 = 0, minBytes: UInt32 = 0, maxBytes: UInt32 = 0, partitions: [FetchPartition] = [],
        rack: [UInt8] = [], replica: FetchReplica? = nil
    ) {
        self.maxWaitMs = maxWaitMs
        self.minBytes = minBytes
        self.maxBytes = maxBytes
        self.partitions = partitions
        self.rack = rack
        self.replica = replica
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// The broker that fetches: one run of it.
package struct FetchReplica: WireMessage {
    package var brokerID: Int32 = 0
    /// Of its registration.
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

package struct FetchPartition: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// The partition's leader epoch as the client knows it; -1: any.
    package var leaderEpoch: Int32 = 0
    /// The next record wanted.
    package var fetchOffset: Int64 = 0
    /// The leader epoch of the last record read; -1: none.
    package var lastFetchedEpoch: Int32 = 0
    /// The most bytes for this partition; its first batch is returned even if it is larger.
    package var maxBytes: UInt32 = 0
    /// Of the replica's own log. Like the next one: only when FetchRequest.replica is set.
    package var logStartOffset: Int64 = 0
    /// The first offset that the replica might lose when its host loses power.
    package var durableOffset: Int64 = 0
    /// The replica's own log has damaged batches, which are being replaced by those of other replicas.
    package var isUnderRepair: Bool = false
    /// Nor can they be replaced: the replica is to be copied anew, as soon as nothing counts on it.
    package var mustBeCopied: Bool = false
    /// What was sent from fetch_offset before came damaged: the broker looks at what is on its disk. From replicas and
    /// consumers.
    package var foundDamage: Bool = false
    /// Rises with each log that the replica has had in this run of its broker: what was said of another one does not
    /// count.
    package var incarnation: Int32 = 0
    /// Consumers read from the replica, and see what is below high_watermark: it is told at once when that moves, as
    /// far as fetch_offset. Only when FetchRequest.replica is set.
    package var hasReaders: Bool = false
    package var highWatermark: Int64 = 0

    package init() {}

    package init(
        topicID: [UInt8] = [], partition: Int32 = 0, leaderEpoch: Int32 = 0, fetchOffset: Int64 = 0,
        lastFetchedEpoch: Int32 = 0, maxBytes: UInt32 = 0, logStartOffset: Int64 = 0, durableOffset: Int64 = 0,
        isUnderRepair: Bool = false, mustBeCopied: Bool = false, foundDamage: Bool = false, incarnation: Int32 = 0,
        hasReaders: Bool = false, highWatermark: Int64 = 0
    ) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.fetchOffset = fetchOffset
        self.lastFetchedEpoch = lastFetchedEpoch
        self.maxBytes = maxBytes
        self.logStartOffset = logStartOffset
        self.durableOffset = durableOffset
        self.isUnderRepair = isUnderRepair
        self.mustBeCopied = mustBeCopied
        self.foundDamage = foundDamage
        self.incarnation = incarnation
        self.hasReaders = hasReaders
        self.highWatermark = highWatermark
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct FetchResponse: WireMessage {
    /// Only those with something to say: records, an error, or moved offsets. In the order of the request.
    package var partitions: [FetchPartitionResult] = []
    /// What a replica that is far behind makes room for. Like the next one: only when FetchRequest.replica is set.
    /// Clients of this broker produce or consume now, or it copies what they produce elsewhere.
    package var hasLiveTraffic: Bool = false
    /// What they produced lately to partitions that this broker leads.
    package var producedBytesPerSecond: UInt64 = 0

    package init() {}

    package init(
        partitions: [FetchPartitionResult] = [], hasLiveTraffic: Bool = false, producedBytesPerSecond: UInt64 = 0
    ) {
        self.partitions = partitions
        self.hasLiveTraffic = hasLiveTraffic
        self.producedBytesPerSecond = producedBytesPerSecond
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct FetchPartitionResult: WireMessage {
    /// Which of the request's partitions, from 0.
    package var index: UInt32 = 0
    /// An ErrorCode's number; 0: none.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// The first offset that consumers do not see yet.
    package var highWatermark: Int64 = 0
    /// The first offset that is still kept.
    package var logStartOffset: Int64 = 0
    /// How many bytes of the attachment are this partition's: whole batches. The first may begin below fetch_offset:
    /// readers skip its records up to there.
    package var batchBytes: UInt32 = 0
    /// Set when the error says that another broker or epoch leads.
    package var leader: LeaderHint?
    /// Where the reader's log and this one agree: set when last_fetched_epoch does not belong to this log. To a
    /// replica, epoch -1 says that it is to keep nothing of what it has, and begin at end_offset.
    package var diverging: EpochEnd?
    /// The leader's log was compacted, now or once: offsets between batches may be missing. Only told to replicas.
    package var mayHaveGaps: Bool = false
    /// Set when an in-sync replica in the reader's rack has what is wanted: read there until it refuses. No batches
    /// then.
    package var nearer: NearerReplica?

    package init() {}

    package init(
        index: UInt32 = 0, error: Int32 = 0, message: String = "", highWatermark: Int64 = 0, logStartOffset: Int64 = 0,
        batchBytes: UInt32 = 0, leader: LeaderHint? = nil, diverging: EpochEnd? = nil, mayHaveGaps: Bool = false,
        nearer: NearerReplica? = nil
    ) {
        self.index = index
        self.error = error
        self.message = message
        self.highWatermark = highWatermark
        self.logStartOffset = logStartOffset
        self.batchBytes = batchBytes
        self.leader = leader
        self.diverging = diverging
        self.mayHaveGaps = mayHaveGaps
        self.nearer = nearer
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// A replica that a consumer may read from in its leader's place.
package struct NearerReplica: WireMessage {
    package var brokerID: Int32 = 0

    package init() {}

    package init(brokerID: Int32 = 0) {
        self.brokerID = brokerID
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// The end of what was written at one leader epoch.
package struct EpochEnd: WireMessage {
    package var leaderEpoch: Int32 = 0
    /// The first offset past that epoch's records.
    package var endOffset: Int64 = 0

    package init() {}

    package init(leaderEpoch: Int32 = 0, endOffset: Int64 = 0) {
        self.leaderEpoch = leaderEpoch
        self.endOffset = endOffset
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListOffsetsRequest: WireMessage {
    package var partitions: [ListOffsetsPartition] = []

    package init() {}

    package init(partitions: [ListOffsetsPartition] = []) {
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListOffsetsPartition: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// The partition's leader epoch as the client knows it; -1: any.
    package var leaderEpoch: Int32 = 0
    /// In milliseconds since 1970: find the first record at or after it. -1: latest (the high watermark). -2: earliest
    /// (the log start).
    package var timestampMs: Int64 = 0

    package init() {}

    package init(topicID: [UInt8] = [], partition: Int32 = 0, leaderEpoch: Int32 = 0, timestampMs: Int64 = 0) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.timestampMs = timestampMs
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListOffsetsResponse: WireMessage {
    /// In the order of the request.
    package var partitions: [ListOffsetsPartitionResult] = []

    package init() {}

    package init(partitions: [ListOffsetsPartitionResult] = []) {
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListOffsetsPartitionResult: WireMessage {
    /// An ErrorCode's number; 0: none.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// -1: there is no such record.
    package var offset: Int64 = 0
    /// Of the record found, in milliseconds since 1970; -1: none was found or none was asked for.
    package var timestampMs: Int64 = 0
    /// At which the record was written, or the current one for latest; -1: unknown.
    package var leaderEpoch: Int32 = 0
    /// Set when the error says that another broker or epoch leads.
    package var leader: LeaderHint?

    package init() {}

    package init(
        error: Int32 = 0, message: String = "", offset: Int64 = 0, timestampMs: Int64 = 0, leaderEpoch: Int32 = 0,
        leader: LeaderHint? = nil
    ) {
        self.error = error
        self.message = message
        self.offset = offset
        self.timestampMs = timestampMs
        self.leaderEpoch = leaderEpoch
        self.leader = leader
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct InitProducerIdRequest: WireMessage {
    /// -1: a new one. Else the caller's own, whose epoch is to be raised.
    package var producerID: Int64 = 0
    /// The caller's current epoch; -1 with a new id.
    package var producerEpoch: Int32 = 0

    package init() {}

    package init(producerID: Int64 = 0, producerEpoch: Int32 = 0) {
        self.producerID = producerID
        self.producerEpoch = producerEpoch
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct InitProducerIdResponse: WireMessage {
    package var producerID: Int64 = 0
    /// 0 to 32,767. Sequences begin at 0 in every partition.
    package var producerEpoch: Int32 = 0

    package init() {}

    package init(producerID: Int64 = 0, producerEpoch: Int32 = 0) {
        self.producerID = producerID
        self.producerEpoch = producerEpoch
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
