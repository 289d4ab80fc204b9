// Written by proto/generate from proto/martlet/v1/cluster.proto; edit that instead.

package import NIOCore

package struct BrokerStatusRequest: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct BrokerStatusResponse: WireMessage {
    /// Within its cluster, from 0.
    package var brokerID: Int32 = 0
    /// The cluster's name for itself, made when it was created.
    package var clusterID: String = ""
    /// The version of the broker's software.
    package var brokerVersion: String = ""
    /// Where clients reach it, as advertised.
    package var host: [UInt8] = []
    package var port: UInt32 = 0
    /// Since the process started, in milliseconds.
    package var uptimeMs: UInt64 = 0
    /// Where the logs are, as an absolute path.
    package var dataDirectory: [UInt8] = []
    /// Taken by segments and indexes.
    package var diskUsedBytes: UInt64 = 0
    /// Left on their file system.
    package var diskFreeBytes: UInt64 = 0
    /// Topics that this broker has partitions of.
    package var topics: UInt32 = 0
    /// Partitions that this broker has.
    package var partitions: UInt32 = 0
    /// Client connections that are open, this one included.
    package var connections: UInt32 = 0
    /// The most memory for frames in flight.
    package var memoryBudgetBytes: UInt64 = 0
    /// How much of it is taken.
    package var memoryReservedBytes: UInt64 = 0
    /// File descriptors that are open.
    package var openFiles: UInt32 = 0
    /// File descriptors that may be open.
    package var openFilesMax: UInt32 = 0
    /// Partitions that are offline or damaged here, and what else a person should know of.
    package var troubles: [PartitionTrouble] = []
    /// Partitions that are still being recovered after a crash.
    package var partitionsRecovering: UInt32 = 0
    /// The disk is full: writes are refused until there is room again, reads and retention go on.
    package var diskFull: Bool = false

    package init() {}

    package init(
        brokerID: Int32 = 0, clusterID: String = "", brokerVersion: String = "", host: [UInt8] = [], port: UInt32 = 0,
        uptimeMs: UInt64 = 0, dataDirectory: [UInt8] = [], diskUsedBytes: UInt64 = 0, diskFreeBytes: UInt64 = 0,
        topics: UInt32 = 0, partitions: UInt32 = 0, connections: UInt32 = 0, memoryBudgetBytes: UInt64 = 0,
        memoryReservedBytes: UInt64 = 0, openFiles: UInt32 = 0, openFilesMax: UInt32 = 0,
        troubles: [PartitionTrouble] = [], partitionsRecovering: UInt32 = 0, diskFull: Bool = false
    ) {
        self.brokerID = brokerID
        self.clusterID = clusterID
        self.brokerVersion = brokerVersion
        self.host = host
        self.port = port
        self.uptimeMs = uptimeMs
        self.dataDirectory = dataDirectory
        self.diskUsedBytes = diskUsedBytes
        self.diskFreeBytes = diskFreeBytes
        self.topics = topics
        self.partitions = partitions
        self.connections = connections
        self.memoryBudgetBytes = memoryBudgetBytes
        self.memoryReservedBytes = memoryReservedBytes
        self.openFiles = openFiles
        self.openFilesMax = openFilesMax
        self.troubles = troubles
        self.partitionsRecovering = partitionsRecovering
        self.diskFull = diskFull
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// A partition that is offline or damaged on the broker that answers, or of which something was set aside.
package struct PartitionTrouble: WireMessage {
    /// The topic's name.
    package var topic: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// For a person: what happened, and to which file.
    package var reason: [UInt8] = []
    /// Nothing is wrong: a directory that the cluster does not need was moved out of the way, for a person to delete.
    package var isNote: Bool = false

    package init() {}

    package init(topic: [UInt8] = [], partition: Int32 = 0, reason: [UInt8] = [], isNote: Bool = false) {
        self.topic = topic
        self.partition = partition
        self.reason = reason
        self.isNote = isNote
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
