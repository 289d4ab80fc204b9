// Written by proto/generate from proto/martlet/v1/operations.proto; edit that instead.

package import NIOCore

package struct DescribeClusterRequest: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DescribeClusterResponse: WireMessage {
    /// The cluster's name for itself, made when it was created.
    package var clusterID: String = ""
    /// A single broker with a store of its own, without a controller.
    package var isSingle: Bool = false
    /// The broker that decides on leaders; -1: none at present.
    package var controllerID: Int32 = 0
    /// Sorted by id; also those that are down.
    package var brokers: [BrokerDescription] = []
    /// Partitions that nobody leads, or that have fewer replicas in sync than replicas. Sorted by topic and partition.
    package var partitions: [PartitionHealth] = []
    package var store: StoreHealth?
    /// Raised by every change of the metadata.
    package var metadataRevision: UInt64 = 0
    package var topicsTotal: UInt32 = 0
    package var partitionsTotal: UInt32 = 0
    /// What brokers of the cluster must be able to read.
    package var featureLevel: Int32 = 0
    /// Partitions whose replicas are moving.
    package var partitionsMoving: UInt32 = 0
    /// Partitions that another than their preferred replica leads.
    package var partitionsNotPreferred: UInt32 = 0

    package init() {}

    package init(
        clusterID: String = "", isSingle: Bool = false, controllerID: Int32 = 0, brokers: [BrokerDescription] = [],
        partitions: [PartitionHealth] = [], store: StoreHealth? = nil, metadataRevision: UInt64 = 0,
        topicsTotal: UInt32 = 0, partitionsTotal: UInt32 = 0, featureLevel: Int32 = 0, partitionsMoving: UInt32 = 0,
        partitionsNotPreferred: UInt32 = 0
    ) {
        self.clusterID = clusterID
        self.isSingle = isSingle
        self.controllerID = controllerID
        self.brokers = brokers
        self.partitions = partitions
        self.store = store
        self.metadataRevision = metadataRevision
        self.topicsTotal = topicsTotal
        self.partitionsTotal = partitionsTotal
        self.featureLevel = featureLevel
        self.partitionsMoving = partitionsMoving
        self.partitionsNotPreferred = partitionsNotPreferred
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct BrokerDescription: WireMessage {
    package var node: BrokerNode?
    /// Of its latest run.
    package var startEpoch: Int64 = 0
    /// It has a session in the metadata store.
    package var isAlive: Bool = false
    /// Registered, but leads nothing and counts in no in-sync set yet.
    package var isFenced: Bool = false
    /// It is handing its partitions over, to stop.
    package var isStopping: Bool = false
    /// An operator wants it to keep nothing.
    package var isDraining: Bool = false
    /// Partitions that it leads.
    package var leaders: UInt32 = 0
    /// Replicas assigned to it.
    package var replicas: UInt32 = 0
    /// Those of them that are in sync.
    package var inSync: UInt32 = 0
    /// Replicas that should leave it and that no other broker can take.
    package var stuckReplicas: UInt32 = 0

    package init() {}

    package init(
        node: BrokerNode? = nil, startEpoch: Int64 = 0, isAlive: Bool = false, isFenced: Bool = false,
        isStopping: Bool = false, isDraining: Bool = false, leaders: UInt32 = 0, replicas: UInt32 = 0,
        inSync: UInt32 = 0, stuckReplicas: UInt32 = 0
    ) {
        self.node = node
        self.startEpoch = startEpoch
        self.isAlive = isAlive
        self.isFenced = isFenced
        self.isStopping = isStopping
        self.isDraining = isDraining
        self.leaders = leaders
        self.replicas = replicas
        self.inSync = inSync
        self.stuckReplicas = stuckReplicas
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PartitionHealth: WireMessage {
    /// The topic's name.
    package var topic: [UInt8] = []
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// -1: nobody; the partition is offline.
    package var leaderID: Int32 = 0
    package var leaderEpoch: Int32 = 0
    package var replicas: [Int32] = []
    package var inSyncReplicas: [Int32] = []
    package var targetReplicas: [Int32] = []
    /// The topic's min.insync.replicas: with fewer, writes with acks=all are refused.
    package var minInSync: UInt32 = 0
    /// -1: never.
    package var lastUncleanEpoch: Int32 = 0

    package init() {}

    package init(
        topic: [UInt8] = [], topicID: [UInt8] = [], partition: Int32 = 0, leaderID: Int32 = 0, leaderEpoch: Int32 = 0,
        replicas: [Int32] = [], inSyncReplicas: [Int32] = [], targetReplicas: [Int32] = [], minInSync: UInt32 = 0,
        lastUncleanEpoch: Int32 = 0
    ) {
        self.topic = topic
        self.topicID = topicID
        self.partition = partition
        self.leaderID = leaderID
        self.leaderEpoch = leaderEpoch
        self.replicas = replicas
        self.inSyncReplicas = inSyncReplicas
        self.targetReplicas = targetReplicas
        self.minInSync = minInSync
        self.lastUncleanEpoch = lastUncleanEpoch
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// How the metadata store is, seen from the broker that answers.
package struct StoreHealth: WireMessage {
    /// "embedded" or "etcd".
    package var kind: [UInt8] = []
    /// Reads and transactions are answered.
    package var isAvailable: Bool = false
    /// The newest revision known; -1: none is.
    package var revision: Int64 = 0
    package var members: [StoreMember] = []
    /// For a person: what is wrong with the store as a whole, and what to do.
    package var troubles: [[UInt8]] = []

    package init() {}

    package init(
        kind: [UInt8] = [], isAvailable: Bool = false, revision: Int64 = 0, members: [StoreMember] = [],
        troubles: [[UInt8]] = []
    ) {
        self.kind = kind
        self.isAvailable = isAvailable
        self.revision = revision
        self.members = members
        self.troubles = troubles
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// One server of the store, or the file of an embedded one.
package struct StoreMember: WireMessage {
    /// A URL or a path.
    package var name: [UInt8] = []
    package var isReachable: Bool = false
    /// The others follow it. False for a member that cannot be reached.
    package var isLeader: Bool = false
    /// Of the server's software; empty: unknown.
    package var version: [UInt8] = []
    /// Of its file on disk; -1: unknown.
    package var sizeBytes: Int64 = 0
    /// What of it holds data: the rest is free for reuse; -1: unknown.
    package var usedBytes: Int64 = 0
    /// For a person: what is wrong with it, and what to do.
    package var troubles: [[UInt8]] = []

    package init() {}

    package init(
        name: [UInt8] = [], isReachable: Bool = false, isLeader: Bool = false, version: [UInt8] = [],
        sizeBytes: Int64 = 0, usedBytes: Int64 = 0, troubles: [[UInt8]] = []
    ) {
        self.name = name
        self.isReachable = isReachable
        self.isLeader = isLeader
        self.version = version
        self.sizeBytes = sizeBytes
        self.usedBytes = usedBytes
        self.troubles = troubles
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DescribeConfigRequest: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DescribeConfigResponse: WireMessage {
    /// Every setting there is, sorted by name.
    package var settings: [SettingDescription] = []

    package init() {}

    package init(settings: [SettingDescription] = []) {
        self.settings = settings
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlterConfigRequest: WireMessage {
    /// Settings to change.
    package var set: [TopicSetting] = []
    /// Names of settings to put back to what brokers have by themselves.
    package var reset: [[UInt8]] = []
    /// Check only: change nothing.
    package var validateOnly: Bool = false

    package init() {}

    package init(set: [TopicSetting] = [], reset: [[UInt8]] = [], validateOnly: Bool = false) {
        self.set = set
        self.reset = reset
        self.validateOnly = validateOnly
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlterConfigResponse: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct RemoveBrokerRequest: WireMessage {
    package var brokerID: Int32 = 0

    package init() {}

    package init(brokerID: Int32 = 0) {
        self.brokerID = brokerID
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct RemoveBrokerResponse: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DrainRequest: WireMessage {
    package var brokerID: Int32 = 0
    /// Let it have leaders and replicas again. What moved away stays away.
    package var cancel: Bool = false

    package init() {}

    package init(brokerID: Int32 = 0, cancel: Bool = false) {
        self.brokerID = brokerID
        self.cancel = cancel
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DrainResponse: WireMessage {
    /// What is left on it: DescribeCluster tells how that falls.
    package var leaders: UInt32 = 0
    package var replicas: UInt32 = 0

    package init() {}

    package init(leaders: UInt32 = 0, replicas: UInt32 = 0) {
        self.leaders = leaders
        self.replicas = replicas
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PlanReassignmentRequest: WireMessage {
    /// By name. None: all topics.
    package var topics: [[UInt8]] = []
    /// The brokers to spread over. None: all that are up and not draining.
    package var brokers: [Int32] = []
    /// How many replicas partitions are to have; 0: as many as they have.
    package var replicationFactor: UInt32 = 0

    package init() {}

    package init(topics: [[UInt8]] = [], brokers: [Int32] = [], replicationFactor: UInt32 = 0) {
        self.topics = topics
        self.brokers = brokers
        self.replicationFactor = replicationFactor
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PlanReassignmentResponse: WireMessage {
    /// Only partitions whose replicas would change.
    package var moves: [PartitionMove] = []

    package init() {}

    package init(moves: [PartitionMove] = []) {
        self.moves = moves
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PartitionMove: WireMessage {
    /// The topic's name.
    package var topic: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// Where the replicas are; not needed in a request.
    package var replicas: [Int32] = []
    /// Where they are to be; the first is the preferred leader.
    package var target: [Int32] = []

    package init() {}

    package init(topic: [UInt8] = [], partition: Int32 = 0, replicas: [Int32] = [], target: [Int32] = []) {
        self.topic = topic
        self.partition = partition
        self.replicas = replicas
        self.target = target
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReassignRequest: WireMessage {
    package var moves: [PartitionMove] = []
    /// What copying may take, in bytes a second on each broker, from now on; 0: as it is.
    package var throttleBytesPerSecond: UInt64 = 0

    package init() {}

    package init(moves: [PartitionMove] = [], throttleBytesPerSecond: UInt64 = 0) {
        self.moves = moves
        self.throttleBytesPerSecond = throttleBytesPerSecond
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReassignResponse: WireMessage {
    /// In the order of the request.
    package var partitions: [PartitionResult] = []

    package init() {}

    package init(partitions: [PartitionResult] = []) {
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PartitionResult: WireMessage {
    /// The topic's name.
    package var topic: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// An ErrorCode's number; 0: done.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""

    package init() {}

    package init(topic: [UInt8] = [], partition: Int32 = 0, error: Int32 = 0, message: String = "") {
        self.topic = topic
        self.partition = partition
        self.error = error
        self.message = message
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CancelReassignmentsRequest: WireMessage {
    /// None: all that move.
    package var partitions: [PartitionName] = []

    package init() {}

    package init(partitions: [PartitionName] = []) {
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CancelReassignmentsResponse: WireMessage {
    /// What was called off: from where to where it moved.
    package var moves: [PartitionMove] = []

    package init() {}

    package init(moves: [PartitionMove] = []) {
        self.moves = moves
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListReassignmentsRequest: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListReassignmentsResponse: WireMessage {
    package var reassignments: [ReassignmentProgress] = []
    /// 0: not throttled.
    package var throttleBytesPerSecond: UInt64 = 0

    package init() {}

    package init(reassignments: [ReassignmentProgress] = [], throttleBytesPerSecond: UInt64 = 0) {
        self.reassignments = reassignments
        self.throttleBytesPerSecond = throttleBytesPerSecond
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ReassignmentProgress: WireMessage {
    /// The topic's name.
    package var topic: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// Where they were.
    package var former: [Int32] = []
    /// Where they are to be.
    package var target: [Int32] = []
    package var inSyncReplicas: [Int32] = []

    package init() {}

    package init(
        topic: [UInt8] = [], partition: Int32 = 0, former: [Int32] = [], target: [Int32] = [],
        inSyncReplicas: [Int32] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.former = former
        self.target = target
        self.inSyncReplicas = inSyncReplicas
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ElectLeadersRequest: WireMessage {
    /// None: every partition that needs it; not allowed with unclean.
    package var elections: [Election] = []
    /// Where no replica in sync is up: let another one lead. Acknowledged records may be lost.
    package var unclean: Bool = false

    package init() {}

    package init(elections: [Election] = [], unclean: Bool = false) {
        self.elections = elections
        self.unclean = unclean
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct Election: WireMessage {
    /// The topic's name.
    package var topic: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// Unclean: the broker that is to lead; see ReplicaStates for what each has. -1: any that is up.
    package var choice: Int32 = 0

    package init() {}

    package init(topic: [UInt8] = [], partition: Int32 = 0, choice: Int32 = 0) {
        self.topic = topic
        self.partition = partition
        self.choice = choice
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ElectLeadersResponse: WireMessage {
    /// In the order of the request; without elections in it: those that were elected, or could not be.
    package var elections: [ElectionResult] = []

    package init() {}

    package init(elections: [ElectionResult] = []) {
        self.elections = elections
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ElectionResult: WireMessage {
    /// The topic's name.
    package var topic: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// An ErrorCode's number; 0: elected.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// Who leads now; -1 after an error.
    package var leaderID: Int32 = 0

    package init() {}

    package init(
        topic: [UInt8] = [], partition: Int32 = 0, error: Int32 = 0, message: String = "", leaderID: Int32 = 0
    ) {
        self.topic = topic
        self.partition = partition
        self.error = error
        self.message = message
        self.leaderID = leaderID
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PartitionName: WireMessage {
    /// The topic's name.
    package var topic: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0

    package init() {}

    package init(topic: [UInt8] = [], partition: Int32 = 0) {
        self.topic = topic
        self.partition = partition
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
