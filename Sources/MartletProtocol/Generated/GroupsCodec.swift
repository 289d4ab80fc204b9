// Written by proto/generate from proto/martlet/v1/groups.proto; edit that instead.

package import CMartletProto

extension GroupSetting: CTwin {
    package typealias C = Martlet__V1__GroupSetting
    package static var name: String { "GroupSetting" }
    package static var unpack: Unpack<C> { martlet__v1__group_setting__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        value = Self.array(c.pointee.value)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_setting__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.value = arena.copy(value)
    }
}

extension GroupPartitions: CTwin {
    package typealias C = Martlet__V1__GroupPartitions
    package static var name: String { "GroupPartitions" }
    package static var unpack: Unpack<C> { martlet__v1__group_partitions__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partitions = Self.numbers(c.pointee.partitions, c.pointee.n_partitions)
        topic = Self.array(c.pointee.topic)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_partitions__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
        c.pointee.topic = arena.copy(topic)
    }
}

extension GroupPartitionList: CTwin {
    package typealias C = Martlet__V1__GroupPartitionList
    package static var name: String { "GroupPartitionList" }
    package static var unpack: Unpack<C> { martlet__v1__group_partition_list__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = try Self.messages(c.pointee.topics, c.pointee.n_topics)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_partition_list__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
    }
}

extension FindCoordinatorRequest: CTwin {
    package typealias C = Martlet__V1__FindCoordinatorRequest
    package static var name: String { "FindCoordinatorRequest" }
    package static var unpack: Unpack<C> { martlet__v1__find_coordinator_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__find_coordinator_request__init(c)
        c.pointee.group = arena.copy(group)
    }
}

extension FindCoordinatorResponse: CTwin {
    package typealias C = Martlet__V1__FindCoordinatorResponse
    package static var name: String { "FindCoordinatorResponse" }
    package static var unpack: Unpack<C> { martlet__v1__find_coordinator_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        brokerID = c.pointee.broker_id
        host = Self.array(c.pointee.host)
        port = c.pointee.port
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__find_coordinator_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.broker_id = brokerID
        c.pointee.host = arena.copy(host)
        c.pointee.port = port
    }
}

extension GroupSubscription: CTwin {
    package typealias C = Martlet__V1__GroupSubscription
    package static var name: String { "GroupSubscription" }
    package static var unpack: Unpack<C> { martlet__v1__group_subscription__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = Self.arrays(c.pointee.topics, c.pointee.n_topics)
        pattern = Self.array(c.pointee.pattern)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_subscription__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
        c.pointee.pattern = arena.copy(pattern)
    }
}

extension HeartbeatRequest: CTwin {
    package typealias C = Martlet__V1__HeartbeatRequest
    package static var name: String { "HeartbeatRequest" }
    package static var unpack: Unpack<C> { martlet__v1__heartbeat_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
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

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    package typealias C = Martlet__V1__HeartbeatResponse
    package static var name: String { "HeartbeatResponse" }
    package static var unpack: Unpack<C> { martlet__v1__heartbeat_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        memberEpoch = c.pointee.member_epoch
        assignmentVersion = c.pointee.assignment_version
        assignment = try Self.message(c.pointee.assignment)
        sessionTimeoutMs = c.pointee.session_timeout_ms
        heartbeatIntervalMs = c.pointee.heartbeat_interval_ms
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    package typealias C = Martlet__V1__CommitOffsetsRequest
    package static var name: String { "CommitOffsetsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__commit_offsets_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        memberID = Self.array(c.pointee.member_id)
        memberEpoch = c.pointee.member_epoch
        instanceID = Self.array(c.pointee.instance_id)
        sequence = c.pointee.sequence
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    package typealias C = Martlet__V1__CommitOffsetsPartition
    package static var name: String { "CommitOffsetsPartition" }
    package static var unpack: Unpack<C> { martlet__v1__commit_offsets_partition__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        offset = c.pointee.offset
        leaderEpoch = c.pointee.leader_epoch
        metadata = Self.array(c.pointee.metadata)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__commit_offsets_partition__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.offset = offset
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.metadata = arena.copy(metadata)
    }
}

extension CommitOffsetsResponse: CTwin {
    package typealias C = Martlet__V1__CommitOffsetsResponse
    package static var name: String { "CommitOffsetsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__commit_offsets_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__commit_offsets_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension CommitOffsetsPartitionResult: CTwin {
    package typealias C = Martlet__V1__CommitOffsetsPartitionResult
    package static var name: String { "CommitOffsetsPartitionResult" }
    package static var unpack: Unpack<C> { martlet__v1__commit_offsets_partition_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__commit_offsets_partition_result__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension FetchOffsetsRequest: CTwin {
    package typealias C = Martlet__V1__FetchOffsetsRequest
    package static var name: String { "FetchOffsetsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__fetch_offsets_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        partitions = try Self.message(c.pointee.partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_offsets_request__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.partitions = arena.copy(partitions)
    }
}

extension FetchOffsetsResponse: CTwin {
    package typealias C = Martlet__V1__FetchOffsetsResponse
    package static var name: String { "FetchOffsetsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__fetch_offsets_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_offsets_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension FetchOffsetsPartitionResult: CTwin {
    package typealias C = Martlet__V1__FetchOffsetsPartitionResult
    package static var name: String { "FetchOffsetsPartitionResult" }
    package static var unpack: Unpack<C> { martlet__v1__fetch_offsets_partition_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        offset = c.pointee.offset
        leaderEpoch = c.pointee.leader_epoch
        metadata = Self.array(c.pointee.metadata)
        commitTimeMs = c.pointee.commit_time_ms
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    package typealias C = Martlet__V1__ListGroupsRequest
    package static var name: String { "ListGroupsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__list_groups_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_groups_request__init(c)
    }
}

extension ListGroupsResponse: CTwin {
    package typealias C = Martlet__V1__ListGroupsResponse
    package static var name: String { "ListGroupsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__list_groups_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        groups = try Self.messages(c.pointee.groups, c.pointee.n_groups)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_groups_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension ListedGroup: CTwin {
    package typealias C = Martlet__V1__ListedGroup
    package static var name: String { "ListedGroup" }
    package static var unpack: Unpack<C> { martlet__v1__listed_group__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        state = Self.array(c.pointee.state)
        assignor = Self.array(c.pointee.assignor)
        members = c.pointee.members
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__listed_group__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.state = arena.copy(state)
        c.pointee.assignor = arena.copy(assignor)
        c.pointee.members = members
    }
}

extension DescribeGroupsRequest: CTwin {
    package typealias C = Martlet__V1__DescribeGroupsRequest
    package static var name: String { "DescribeGroupsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__describe_groups_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        groups = Self.arrays(c.pointee.groups, c.pointee.n_groups)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_groups_request__init(c)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension DescribeGroupsResponse: CTwin {
    package typealias C = Martlet__V1__DescribeGroupsResponse
    package static var name: String { "DescribeGroupsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__describe_groups_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        groups = try Self.messages(c.pointee.groups, c.pointee.n_groups)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_groups_response__init(c)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension GroupDescription: CTwin {
    package typealias C = Martlet__V1__GroupDescription
    package static var name: String { "GroupDescription" }
    package static var unpack: Unpack<C> { martlet__v1__group_description__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        state = Self.array(c.pointee.state)
        groupEpoch = c.pointee.group_epoch
        assignor = Self.array(c.pointee.assignor)
        members = try Self.messages(c.pointee.members, c.pointee.n_members)
        settings = try Self.messages(c.pointee.settings, c.pointee.n_settings)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    package typealias C = Martlet__V1__GroupMemberDescription
    package static var name: String { "GroupMemberDescription" }
    package static var unpack: Unpack<C> { martlet__v1__group_member_description__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
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

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    package typealias C = Martlet__V1__DeleteGroupsRequest
    package static var name: String { "DeleteGroupsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__delete_groups_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        groups = Self.arrays(c.pointee.groups, c.pointee.n_groups)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_groups_request__init(c)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension DeleteGroupsResponse: CTwin {
    package typealias C = Martlet__V1__DeleteGroupsResponse
    package static var name: String { "DeleteGroupsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__delete_groups_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        groups = try Self.messages(c.pointee.groups, c.pointee.n_groups)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_groups_response__init(c)
        (c.pointee.groups, c.pointee.n_groups) = arena.copy(groups)
    }
}

extension GroupResult: CTwin {
    package typealias C = Martlet__V1__GroupResult
    package static var name: String { "GroupResult" }
    package static var unpack: Unpack<C> { martlet__v1__group_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__group_result__init(c)
        c.pointee.group = arena.copy(group)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension AlterGroupRequest: CTwin {
    package typealias C = Martlet__V1__AlterGroupRequest
    package static var name: String { "AlterGroupRequest" }
    package static var unpack: Unpack<C> { martlet__v1__alter_group_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        group = Self.array(c.pointee.group)
        set = try Self.messages(c.pointee.set, c.pointee.n_set)
        reset = Self.arrays(c.pointee.reset, c.pointee.n_reset)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_group_request__init(c)
        c.pointee.group = arena.copy(group)
        (c.pointee.set, c.pointee.n_set) = arena.copy(set)
        (c.pointee.reset, c.pointee.n_reset) = arena.copy(reset)
    }
}

extension AlterGroupResponse: CTwin {
    package typealias C = Martlet__V1__AlterGroupResponse
    package static var name: String { "AlterGroupResponse" }
    package static var unpack: Unpack<C> { martlet__v1__alter_group_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        group = try Self.message(c.pointee.group)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_group_response__init(c)
        c.pointee.group = arena.copy(group)
    }
}
