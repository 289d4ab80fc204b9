// Written by proto/generate from proto/martlet/v1/groups.proto; edit that instead.

package import NIOCore

/// One of a group's settings: session.timeout.ms (6000; 1000 to 300000), heartbeat.interval.ms (1000; 100 to 60000, at
/// most a third of the session timeout), assignor (uniform or range).
package struct GroupSetting: WireMessage {
    package var name: [UInt8] = []
    /// As text: "6000".
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

/// Partitions of one topic.
package struct GroupPartitions: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partitions: [Int32] = []
    /// The topic's name, in what the coordinator sends; empty when the topic was deleted. Members leave it out.
    package var topic: [UInt8] = []

    package init() {}

    package init(topicID: [UInt8] = [], partitions: [Int32] = [], topic: [UInt8] = []) {
        self.topicID = topicID
        self.partitions = partitions
        self.topic = topic
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// A list that may be left out, which is not the same as an empty one.
package struct GroupPartitionList: WireMessage {
    package var topics: [GroupPartitions] = []

    package init() {}

    package init(topics: [GroupPartitions] = []) {
        self.topics = topics
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct FindCoordinatorRequest: WireMessage {
    package var group: [UInt8] = []

    package init() {}

    package init(group: [UInt8] = []) {
        self.group = group
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct FindCoordinatorResponse: WireMessage {
    /// An ErrorCode's number; 0: none.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// The broker that coordinates the group, and where clients reach it.
    package var brokerID: Int32 = 0
    /// A name or an address, as advertised.
    package var host: [UInt8] = []
    package var port: UInt32 = 0

    package init() {}

    package init(error: Int32 = 0, message: String = "", brokerID: Int32 = 0, host: [UInt8] = [], port: UInt32 = 0) {
        self.error = error
        self.message = message
        self.brokerID = brokerID
        self.host = host
        self.port = port
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// What a member wants to read: topics by name, and all topics whose whole name matches the pattern, if there is one.
package struct GroupSubscription: WireMessage {
    /// Topics that do not exist (yet) are allowed.
    package var topics: [[UInt8]] = []
    /// A regular expression in the common syntax, without look-around and back-references; at most 1,024 bytes. Never
    /// matches the broker's own topics. Empty: none.
    package var pattern: [UInt8] = []

    package init() {}

    package init(topics: [[UInt8]] = [], pattern: [UInt8] = []) {
        self.topics = topics
        self.pattern = pattern
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct HeartbeatRequest: WireMessage {
    package var group: [UInt8] = []
    /// Made by the client: random, unlike any other, for instance a UUID as text. A client that was fenced, is unknown
    /// or gave its membership up for lost joins again under a new one.
    package var memberID: [UInt8] = []
    /// 0: join. Above 0: the member's epoch, as the last answer told it. -1: leave; all partitions are free at once.
    /// -2: leave for a while, of a member with an instance id: it keeps its partitions until its session times out.
    package var memberEpoch: Int32 = 0
    /// The version of the last assignment that came; 0: none. A coordinator that has a newer one answers at once.
    package var assignmentVersion: Int64 = 0
    /// What the member still reads from or has not let go; left out: unchanged since the last heartbeat that was
    /// answered. A partition that was taken from the member is free once a heartbeat whose assignment_version is that
    /// of the assignment that took it lists it no more. Send it with the first heartbeat to another coordinator and
    /// after a heartbeat without answer.
    package var owned: GroupPartitionList?
    /// Required to join; later: left out when unchanged since a heartbeat that was answered.
    package var subscription: GroupSubscription?
    /// A name that stays when the process restarts: a member with the same one takes the former one's place. Empty:
    /// none. Send it with every heartbeat.
    package var instanceID: [UInt8] = []
    /// For people: what the client calls itself. On joining.
    package var clientID: [UInt8] = []
    /// How long the member may take to let a partition go before it is put out of the group, in milliseconds:
    /// max.poll.interval.ms. On joining; 1,000 to 86,400,000.
    package var rebalanceTimeoutMs: UInt32 = 0
    /// uniform or range. On joining: it must be the group's, if that has members; an empty group takes it up. Empty:
    /// the group's.
    package var assignor: [UInt8] = []
    /// How long to wait for a change, in milliseconds; at most the group's heartbeat interval. 0: answer at once.
    package var maxWaitMs: UInt32 = 0

    package init() {}

    package init(
        group: [UInt8] = [], memberID: [UInt8] = [], memberEpoch: Int32 = 0, assignmentVersion: Int64 = 0,
        owned: GroupPartitionList? = nil, subscription: GroupSubscription? = nil, instanceID: [UInt8] = [],
        clientID: [UInt8] = [], rebalanceTimeoutMs: UInt32 = 0, assignor: [UInt8] = [], maxWaitMs: UInt32 = 0
    ) {
        self.group = group
        self.memberID = memberID
        self.memberEpoch = memberEpoch
        self.assignmentVersion = assignmentVersion
        self.owned = owned
        self.subscription = subscription
        self.instanceID = instanceID
        self.clientID = clientID
        self.rebalanceTimeoutMs = rebalanceTimeoutMs
        self.assignor = assignor
        self.maxWaitMs = maxWaitMs
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// What a member does on an error: HEARTBEAT_SUPERSEDED: nothing, a later heartbeat of its own is on its way.
/// UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH: all its partitions are lost; join again under a new member id.
/// FENCED_INSTANCE_ID: all its partitions are lost, another process has its instance id: stop. NOT_COORDINATOR: find
/// the coordinator and try there; other retriable ones: try again. The rest: the request is at fault. An answer whose
/// assignment_version is below one that came before is late: ignore it.
package struct HeartbeatResponse: WireMessage {
    /// An ErrorCode's number; 0: none.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// To send with the next heartbeat and with commits.
    package var memberEpoch: Int32 = 0
    /// To send with the next heartbeat. Rises with every change of the assignment or the epoch.
    package var assignmentVersion: Int64 = 0
    /// All partitions that are the member's from now on: what it owns besides, it lets go of, and says so. Left out:
    /// unchanged since the request's assignment_version.
    package var assignment: GroupPartitionList?
    /// The group's settings.
    package var sessionTimeoutMs: UInt32 = 0
    package var heartbeatIntervalMs: UInt32 = 0

    package init() {}

    package init(
        error: Int32 = 0, message: String = "", memberEpoch: Int32 = 0, assignmentVersion: Int64 = 0,
        assignment: GroupPartitionList? = nil, sessionTimeoutMs: UInt32 = 0, heartbeatIntervalMs: UInt32 = 0
    ) {
        self.error = error
        self.message = message
        self.memberEpoch = memberEpoch
        self.assignmentVersion = assignmentVersion
        self.assignment = assignment
        self.sessionTimeoutMs = sessionTimeoutMs
        self.heartbeatIntervalMs = heartbeatIntervalMs
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CommitOffsetsRequest: WireMessage {
    package var group: [UInt8] = []
    /// Empty: without membership, which needs a group without members: how offsets are reset.
    package var memberID: [UInt8] = []
    /// The member's epoch; -1 without membership.
    package var memberEpoch: Int32 = 0
    /// As in heartbeats.
    package var instanceID: [UInt8] = []
    /// Counts the member's commits, from 1. A commit is refused when a later one for the same partition was taken.
    package var sequence: Int64 = 0
    /// Each partition at most once.
    package var partitions: [CommitOffsetsPartition] = []

    package init() {}

    package init(
        group: [UInt8] = [], memberID: [UInt8] = [], memberEpoch: Int32 = 0, instanceID: [UInt8] = [],
        sequence: Int64 = 0, partitions: [CommitOffsetsPartition] = []
    ) {
        self.group = group
        self.memberID = memberID
        self.memberEpoch = memberEpoch
        self.instanceID = instanceID
        self.sequence = sequence
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CommitOffsetsPartition: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// The next offset to read.
    package var offset: Int64 = 0
    /// Of the last record read; -1: unknown.
    package var leaderEpoch: Int32 = 0
    /// Whatever the application wants to find again; at most 4,096 bytes.
    package var metadata: [UInt8] = []

    package init() {}

    package init(
        topicID: [UInt8] = [], partition: Int32 = 0, offset: Int64 = 0, leaderEpoch: Int32 = 0, metadata: [UInt8] = []
    ) {
        self.topicID = topicID
        self.partition = partition
        self.offset = offset
        self.leaderEpoch = leaderEpoch
        self.metadata = metadata
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CommitOffsetsResponse: WireMessage {
    /// Of the whole call, such as UNKNOWN_MEMBER_ID: nothing was kept. An ErrorCode's number; 0: see the partitions.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// In the order of the request; empty with an error of the whole call.
    package var partitions: [CommitOffsetsPartitionResult] = []

    package init() {}

    package init(error: Int32 = 0, message: String = "", partitions: [CommitOffsetsPartitionResult] = []) {
        self.error = error
        self.message = message
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CommitOffsetsPartitionResult: WireMessage {
    /// An ErrorCode's number; 0: kept.
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

package struct FetchOffsetsRequest: WireMessage {
    package var group: [UInt8] = []
    /// Which; left out: all that the group has.
    package var partitions: GroupPartitionList?

    package init() {}

    package init(group: [UInt8] = [], partitions: GroupPartitionList? = nil) {
        self.group = group
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct FetchOffsetsResponse: WireMessage {
    /// An ErrorCode's number; 0: none.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// In the order of the request; all of a group come sorted by topic id and partition.
    package var partitions: [FetchOffsetsPartitionResult] = []

    package init() {}

    package init(error: Int32 = 0, message: String = "", partitions: [FetchOffsetsPartitionResult] = []) {
        self.error = error
        self.message = message
        self.partitions = partitions
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct FetchOffsetsPartitionResult: WireMessage {
    /// 16 bytes.
    package var topicID: [UInt8] = []
    /// Within the topic, from 0.
    package var partition: Int32 = 0
    /// The next offset to read; -1: nothing is committed.
    package var offset: Int64 = 0
    /// Of the last record read; -1: unknown.
    package var leaderEpoch: Int32 = 0
    package var metadata: [UInt8] = []
    /// When it was committed, in milliseconds since 1970; -1: nothing is.
    package var commitTimeMs: Int64 = 0

    package init() {}

    package init(
        topicID: [UInt8] = [], partition: Int32 = 0, offset: Int64 = 0, leaderEpoch: Int32 = 0, metadata: [UInt8] = [],
        commitTimeMs: Int64 = 0
    ) {
        self.topicID = topicID
        self.partition = partition
        self.offset = offset
        self.leaderEpoch = leaderEpoch
        self.metadata = metadata
        self.commitTimeMs = commitTimeMs
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListGroupsRequest: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListGroupsResponse: WireMessage {
    /// An ErrorCode's number; 0: none. COORDINATOR_LOAD_IN_PROGRESS: some groups may be missing.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// Sorted by name.
    package var groups: [ListedGroup] = []

    package init() {}

    package init(error: Int32 = 0, message: String = "", groups: [ListedGroup] = []) {
        self.error = error
        self.message = message
        self.groups = groups
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ListedGroup: WireMessage {
    package var group: [UInt8] = []
    /// empty: no members. reconciling: partitions are on their way to another member. stable: all are where they should
    /// be.
    package var state: [UInt8] = []
    package var assignor: [UInt8] = []
    package var members: UInt32 = 0

    package init() {}

    package init(group: [UInt8] = [], state: [UInt8] = [], assignor: [UInt8] = [], members: UInt32 = 0) {
        self.group = group
        self.state = state
        self.assignor = assignor
        self.members = members
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DescribeGroupsRequest: WireMessage {
    package var groups: [[UInt8]] = []

    package init() {}

    package init(groups: [[UInt8]] = []) {
        self.groups = groups
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DescribeGroupsResponse: WireMessage {
    /// In the order of the request.
    package var groups: [GroupDescription] = []

    package init() {}

    package init(groups: [GroupDescription] = []) {
        self.groups = groups
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct GroupDescription: WireMessage {
    package var group: [UInt8] = []
    /// An ErrorCode's number; 0: none. GROUP_ID_NOT_FOUND: there is no such group.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""
    /// As in ListedGroup.
    package var state: [UInt8] = []
    /// Raised by every change of members, subscriptions or topics.
    package var groupEpoch: Int32 = 0
    package var assignor: [UInt8] = []
    /// Sorted by member id.
    package var members: [GroupMemberDescription] = []
    /// All settings there are, sorted by name, with what holds.
    package var settings: [GroupSetting] = []

    package init() {}

    package init(
        group: [UInt8] = [], error: Int32 = 0, message: String = "", state: [UInt8] = [], groupEpoch: Int32 = 0,
        assignor: [UInt8] = [], members: [GroupMemberDescription] = [], settings: [GroupSetting] = []
    ) {
        self.group = group
        self.error = error
        self.message = message
        self.state = state
        self.groupEpoch = groupEpoch
        self.assignor = assignor
        self.members = members
        self.settings = settings
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct GroupMemberDescription: WireMessage {
    package var memberID: [UInt8] = []
    /// Empty: none.
    package var instanceID: [UInt8] = []
    package var clientID: [UInt8] = []
    /// Where it called from.
    package var clientHost: [UInt8] = []
    /// Below group_epoch: it has not heard of the latest change, or has to let something go first.
    package var memberEpoch: Int32 = 0
    package var subscription: GroupSubscription?
    /// What is the member's now.
    package var assigned: [GroupPartitions] = []
    /// What it still has to let go of.
    package var revoking: [GroupPartitions] = []
    /// What it is to have in the end.
    package var target: [GroupPartitions] = []

    package init() {}

    package init(
        memberID: [UInt8] = [], instanceID: [UInt8] = [], clientID: [UInt8] = [], clientHost: [UInt8] = [],
        memberEpoch: Int32 = 0, subscription: GroupSubscription? = nil, assigned: [GroupPartitions] = [],
        revoking: [GroupPartitions] = [], target: [GroupPartitions] = []
    ) {
        self.memberID = memberID
        self.instanceID = instanceID
        self.clientID = clientID
        self.clientHost = clientHost
        self.memberEpoch = memberEpoch
        self.subscription = subscription
        self.assigned = assigned
        self.revoking = revoking
        self.target = target
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteGroupsRequest: WireMessage {
    package var groups: [[UInt8]] = []

    package init() {}

    package init(groups: [[UInt8]] = []) {
        self.groups = groups
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteGroupsResponse: WireMessage {
    /// In the order of the request.
    package var groups: [GroupResult] = []

    package init() {}

    package init(groups: [GroupResult] = []) {
        self.groups = groups
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct GroupResult: WireMessage {
    package var group: [UInt8] = []
    /// An ErrorCode's number; 0: done.
    package var error: Int32 = 0
    /// For a person; empty without an error.
    package var message: String = ""

    package init() {}

    package init(group: [UInt8] = [], error: Int32 = 0, message: String = "") {
        self.group = group
        self.error = error
        self.message = message
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlterGroupRequest: WireMessage {
    package var group: [UInt8] = []
    /// Settings to change.
    package var set: [GroupSetting] = []
    /// Names of settings to put back to their default.
    package var reset: [[UInt8]] = []

    package init() {}

    package init(group: [UInt8] = [], set: [GroupSetting] = [], reset: [[UInt8]] = []) {
        self.group = group
        self.set = set
        self.reset = reset
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlterGroupResponse: WireMessage {
    package var group: GroupResult?

    package init() {}

    package init(group: GroupResult? = nil) {
        self.group = group
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
