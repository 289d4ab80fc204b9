// Written by proto/generate from proto/martlet/v1/groups.proto; edit that instead.

internal import CMartletProto

extension GroupSetting: CTwin {
    typealias C = Martlet__V1__GroupSetting
    static var name: String { "GroupSetting" }
    static var unpack: Unpack<C> { martlet__v1__group_setting__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        value = Self.array(c.pointee.value)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_setting__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.value = arena.copy(value)
    }
}

extension GroupPartitions: CTwin {
    typealias C = Martlet__V1__GroupPartitions
    static var name: String { "GroupPartitions" }
    static var unpack: Unpack<C> { martlet__v1__group_partitions__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partitions = Self.numbers(c.pointee.partitions, c.pointee.n_partitions)
        topic = Self.array(c.pointee.topic)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_partitions__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
        c.pointee.topic = arena.copy(topic)
    }
}

extension GroupPartitionList: CTwin {
    typealias C = Martlet__V1__GroupPartitionList
    static var name: String { "GroupPartitionList" }
    static var unpack: Unpack<C> { martlet__v1__group_partition_list__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = try Self.messages(c.pointee.topics, c.pointee.n_topics)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_partition_list__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
    }
}

extension FindCoordinatorRequest: CTwin {
    typealias C = Martlet__V1__FindCoordinatorRequest
    static var name: String { "FindCoordinatorRequest" }
    static var unpack: Unpack<C> { martlet__v1__find_coordinator_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__find_coordinator_request__init(c)
        c.pointee.group = arena.copy(group)
    }
}

extension FindCoordinatorResponse: CTwin {
    typealias C = Martlet__V1__FindCoordinatorResponse
    static var name: String { "FindCoordinatorResponse" }
    static var unpack: Unpack<C> { martlet__v1__find_coordinator_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        brokerID = c.pointee.broker_id
        host = Self.array(c.pointee.host)
        port = c.pointee.port
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__find_coordinator_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.broker_id = brokerID
        c.pointee.host = arena.copy(host)
        c.pointee.port = port
    }
}

extension GroupSubscription: CTwin {
    typealias C = Martlet__V1__GroupSubscription
    static var name: String { "GroupSubscription" }
    static var unpack: Unpack<C> { martlet__v1__group_subscription__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = Self.arrays(c.pointee.topics, c.pointee.n_topics)
        pattern = Self.array(c.pointee.pattern)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_subscription__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
        c.pointee.pattern = arena.copy(pattern)
    }
}

extension HeartbeatRequest: CTwin {
    typealias C = Martlet__V1__HeartbeatRequest
    static var name: String { "HeartbeatRequest" }
    static var unpack: Unpack<C> { martlet__v1__heartbeat_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        memberID = Self.array(c.pointee.member_id)
        memberEpoch = c.pointee.member_epoch
        assignmentVersion = c.pointee.assignment_version
        owned = try Self.message(c.pointee.owned)
        subscription = try Self.message(c.pointee.subscription)
        instanceID = Self.array(c.pointee.instance_id)
        clientID = Self.array(c.pointee.client_id)
        rebalanceTimeoutMs = c.pointee.rebalance_timeout_ms
        assignor = Self.array(c.pointee.assignor)
        maxWaitMs = c.pointee.max_wait_ms
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__heartbeat_request__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.member_id = arena.copy(memberID)
        c.pointee.member_epoch = memberEpoch
        c.pointee.assignment_version = assignmentVersion
        c.pointee.owned = arena.copy(owned)
        c.pointee.subscription = arena.copy(subscription)
        c.pointee.instance_id = arena.copy(instanceID)
        c.pointee.client_id = arena.copy(clientID)
        c.pointee.rebalance_timeout_ms = rebalanceTimeoutMs
        c.pointee.assignor = arena.copy(assignor)
        c.pointee.max_wait_ms = maxWaitMs
    }
}

extension HeartbeatResponse: CTwin {
    typealias C = Martlet__V1__HeartbeatResponse
    static var name: String { "HeartbeatResponse" }
    static var unpack: Unpack<C> { martlet__v1__heartbeat_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        memberEpoch = c.pointee.member_epoch
        assignmentVersion = c.pointee.assignment_version
        assignment = try Self.message(c.pointee.assignment)
        sessionTimeoutMs = c.pointee.session_timeout_ms
        heartbeatIntervalMs = c.pointee.heartbeat_interval_ms
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__heartbeat_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.member_epoch = memberEpoch
        c.pointee.assignment_version = assignmentVersion
        c.pointee.assignment = arena.copy(assignment)
        c.pointee.session_timeout_ms = sessionTimeoutMs
        c.pointee.heartbeat_interval_ms = heartbeatIntervalMs
    }
}

extension CommitOffsetsRequest: CTwin {
    typealias C = Martlet__V1__CommitOffsetsRequest
    static var name: String { "CommitOffsetsRequest" }
    static var unpack: Unpack<C> { martlet__v1__commit_offsets_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        memberID = Self.array(c.pointee.member_id)
        memberEpoch = c.pointee.member_epoch
        instanceID = Self.array(c.pointee.instance_id)
        sequence = c.pointee.sequence
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__commit_offsets_request__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.member_id = arena.copy(memberID)
        c.pointee.member_epoch = memberEpoch
        c.pointee.instance_id = arena.copy(instanceID)
        c.pointee.sequence = sequence
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension CommitOffsetsPartition: CTwin {
    typealias C = Martlet__V1__CommitOffsetsPartition
    static var name: String { "CommitOffsetsPartition" }
    static var unpack: Unpack<C> { martlet__v1__commit_offsets_partition__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        offset = c.pointee.offset
        leaderEpoch = c.pointee.leader_epoch
        metadata = Self.array(c.pointee.metadata)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__commit_offsets_partition__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.offset = offset
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.metadata = arena.copy(metadata)
    }
}

extension CommitOffsetsResponse: CTwin {
    typealias C = Martlet__V1__CommitOffsetsResponse
    static var name: String { "CommitOffsetsResponse" }
    static var unpack: Unpack<C> { martlet__v1__commit_offsets_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__commit_offsets_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension CommitOffsetsPartitionResult: CTwin {
    typealias C = Martlet__V1__CommitOffsetsPartitionResult
    static var name: String { "CommitOffsetsPartitionResult" }
    static var unpack: Unpack<C> { martlet__v1__commit_offsets_partition_result__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__commit_offsets_partition_result__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension FetchOffsetsRequest: CTwin {
    typealias C = Martlet__V1__FetchOffsetsRequest
    static var name: String { "FetchOffsetsRequest" }
    static var unpack: Unpack<C> { martlet__v1__fetch_offsets_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        partitions = try Self.message(c.pointee.partitions)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_offsets_request__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.partitions = arena.copy(partitions)
    }
}

extension FetchOffsetsResponse: CTwin {
    typealias C = Martlet__V1__FetchOffsetsResponse
    static var name: String { "FetchOffsetsResponse" }
    static var unpack: Unpack<C> { martlet__v1__fetch_offsets_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_offsets_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension FetchOffsetsPartitionResult: CTwin {
    typealias C = Martlet__V1__FetchOffsetsPartitionResult
    static var name: String { "FetchOffsetsPartitionResult" }
    static var unpack: Unpack<C> { martlet__v1__fetch_offsets_partition_result__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        offset = c.pointee.offset
        leaderEpoch = c.pointee.leader_epoch
        metadata = Self.array(c.pointee.metadata)
        commitTimeMs = c.pointee.commit_time_ms
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_offsets_partition_result__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.offset = offset
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.metadata = arena.copy(metadata)
        c.pointee.commit_time_ms = commitTimeMs
    }
}

extension ListGroupsRequest: CTwin {
    typealias C = Martlet__V1__ListGroupsRequest
    static var name: String { "ListGroupsRequest" }
    static var unpack: Unpack<C> { martlet__v1__list_groups_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {}

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_groups_request__init(c)
    }
}

extension ListGroupsResponse: CTwin {
    typealias C = Martlet__V1__ListGroupsResponse
    static var name: String { "ListGroupsResponse" }
    static var unpack: Unpack<C> { martlet__v1__list_groups_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        groups = try Self.messages(c.pointee.groups, c.pointee.n_groups)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_groups_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension ListedGroup: CTwin {
    typealias C = Martlet__V1__ListedGroup
    static var name: String { "ListedGroup" }
    static var unpack: Unpack<C> { martlet__v1__listed_group__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        state = Self.array(c.pointee.state)
        assignor = Self.array(c.pointee.assignor)
        members = c.pointee.members
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__listed_group__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.state = arena.copy(state)
        c.pointee.assignor = arena.copy(assignor)
        c.pointee.members = members
    }
}

extension DescribeGroupsRequest: CTwin {
    typealias C = Martlet__V1__DescribeGroupsRequest
    static var name: String { "DescribeGroupsRequest" }
    static var unpack: Unpack<C> { martlet__v1__describe_groups_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        groups = Self.arrays(c.pointee.groups, c.pointee.n_groups)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_groups_request__init(c)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension DescribeGroupsResponse: CTwin {
    typealias C = Martlet__V1__DescribeGroupsResponse
    static var name: String { "DescribeGroupsResponse" }
    static var unpack: Unpack<C> { martlet__v1__describe_groups_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        groups = try Self.messages(c.pointee.groups, c.pointee.n_groups)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_groups_response__init(c)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension GroupDescription: CTwin {
    typealias C = Martlet__V1__GroupDescription
    static var name: String { "GroupDescription" }
    static var unpack: Unpack<C> { martlet__v1__group_description__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        state = Self.array(c.pointee.state)
        groupEpoch = c.pointee.group_epoch
        assignor = Self.array(c.pointee.assignor)
        members = try Self.messages(c.pointee.members, c.pointee.n_members)
        settings = try Self.messages(c.pointee.settings, c.pointee.n_settings)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_description__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.state = arena.copy(state)
        c.pointee.group_epoch = groupEpoch
        c.pointee.assignor = arena.copy(assignor)
        (c.pointee.members, c.pointee.n_members) = arena.copy(members)
        (c.pointee.settings, c.pointee.n_settings) = arena.copy(settings)
    }
}

extension GroupMemberDescription: CTwin {
    typealias C = Martlet__V1__GroupMemberDescription
    static var name: String { "GroupMemberDescription" }
    static var unpack: Unpack<C> { martlet__v1__group_member_description__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        memberID = Self.array(c.pointee.member_id)
        instanceID = Self.array(c.pointee.instance_id)
        clientID = Self.array(c.pointee.client_id)
        clientHost = Self.array(c.pointee.client_host)
        memberEpoch = c.pointee.member_epoch
        subscription = try Self.message(c.pointee.subscription)
        assigned = try Self.messages(c.pointee.assigned, c.pointee.n_assigned)
        revoking = try Self.messages(c.pointee.revoking, c.pointee.n_revoking)
        target = try Self.messages(c.pointee.target, c.pointee.n_target)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_member_description__init(c)
        c.pointee.member_id = arena.copy(memberID)
        c.pointee.instance_id = arena.copy(instanceID)
        c.pointee.client_id = arena.copy(clientID)
        c.pointee.client_host = arena.copy(clientHost)
        c.pointee.member_epoch = memberEpoch
        c.pointee.subscription = arena.copy(subscription)
        (c.pointee.assigned, c.pointee.n_assigned) = arena.copy(assigned)
        (c.pointee.revoking, c.pointee.n_revoking) = arena.copy(revoking)
        (c.pointee.target, c.pointee.n_target) = arena.copy(target)
    }
}

extension DeleteGroupsRequest: CTwin {
    typealias C = Martlet__V1__DeleteGroupsRequest
    static var name: String { "DeleteGroupsRequest" }
    static var unpack: Unpack<C> { martlet__v1__delete_groups_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        groups = Self.arrays(c.pointee.groups, c.pointee.n_groups)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_groups_request__init(c)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension DeleteGroupsResponse: CTwin {
    typealias C = Martlet__V1__DeleteGroupsResponse
    static var name: String { "DeleteGroupsResponse" }
    static var unpack: Unpack<C> { martlet__v1__delete_groups_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        groups = try Self.messages(c.pointee.groups, c.pointee.n_groups)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_groups_response__init(c)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension GroupResult: CTwin {
    typealias C = Martlet__V1__GroupResult
    static var name: String { "GroupResult" }
    static var unpack: Unpack<C> { martlet__v1__group_result__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_result__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension AlterGroupRequest: CTwin {
    typealias C = Martlet__V1__AlterGroupRequest
    static var name: String { "AlterGroupRequest" }
    static var unpack: Unpack<C> { martlet__v1__alter_group_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        set = try Self.messages(c.pointee.set, c.pointee.n_set)
        reset = Self.arrays(c.pointee.reset, c.pointee.n_reset)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_group_request__init(c)
        c.pointee.group = arena.copy(group)
        (c.pointee.set, c.pointee.n_set) = arena.copy(set)
        (c.pointee.reset, c.pointee.n_reset) = arena.copy(reset)
    }
}

extension AlterGroupResponse: CTwin {
    typealias C = Martlet__V1__AlterGroupResponse
    static var name: String { "AlterGroupResponse" }
    static var unpack: Unpack<C> { martlet__v1__alter_group_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        group = try Self.message(c.pointee.group)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_group_response__init(c)
        c.pointee.group = arena.copy(group)
    }
}
