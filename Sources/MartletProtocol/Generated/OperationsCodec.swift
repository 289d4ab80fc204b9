// Written by proto/generate from proto/martlet/v1/operations.proto; edit that instead.

package import CMartletProto

extension DescribeClusterRequest: CTwin {
    package typealias C = Martlet__V1__DescribeClusterRequest
    package static var name: String { "DescribeClusterRequest" }
    package static var unpack: Unpack<C> { martlet__v1__describe_cluster_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_cluster_request__init(c)
    }
}

extension DescribeClusterResponse: CTwin {
    package typealias C = Martlet__V1__DescribeClusterResponse
    package static var name: String { "DescribeClusterResponse" }
    package static var unpack: Unpack<C> { martlet__v1__describe_cluster_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        clusterID = try Self.text(c.pointee.cluster_id, field: "cluster_id")
        isSingle = c.pointee.is_single != 0
        controllerID = c.pointee.controller_id
        brokers = try Self.messages(c.pointee.brokers, c.pointee.n_brokers)
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
        store = try Self.message(c.pointee.store)
        metadataRevision = c.pointee.metadata_revision
        topicsTotal = c.pointee.topics_total
        partitionsTotal = c.pointee.partitions_total
        featureLevel = c.pointee.feature_level
        partitionsMoving = c.pointee.partitions_moving
        partitionsNotPreferred = c.pointee.partitions_not_preferred
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_cluster_response__init(c)
        c.pointee.cluster_id = arena.copy(clusterID)
        c.pointee.is_single = isSingle ? 1 : 0
        c.pointee.controller_id = controllerID
        (c.pointee.brokers, c.pointee.n_brokers) = arena.copy(brokers)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
        c.pointee.store = arena.copy(store)
        c.pointee.metadata_revision = metadataRevision
        c.pointee.topics_total = topicsTotal
        c.pointee.partitions_total = partitionsTotal
        c.pointee.feature_level = featureLevel
        c.pointee.partitions_moving = partitionsMoving
        c.pointee.partitions_not_preferred = partitionsNotPreferred
    }
}

extension BrokerDescription: CTwin {
    package typealias C = Martlet__V1__BrokerDescription
    package static var name: String { "BrokerDescription" }
    package static var unpack: Unpack<C> { martlet__v1__broker_description__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        node = try Self.message(c.pointee.node)
        startEpoch = c.pointee.start_epoch
        isAlive = c.pointee.is_alive != 0
        isFenced = c.pointee.is_fenced != 0
        isStopping = c.pointee.is_stopping != 0
        isDraining = c.pointee.is_draining != 0
        leaders = c.pointee.leaders
        replicas = c.pointee.replicas
        inSync = c.pointee.in_sync
        stuckReplicas = c.pointee.stuck_replicas
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__broker_description__init(c)
        c.pointee.node = arena.copy(node)
        c.pointee.start_epoch = startEpoch
        c.pointee.is_alive = isAlive ? 1 : 0
        c.pointee.is_fenced = isFenced ? 1 : 0
        c.pointee.is_stopping = isStopping ? 1 : 0
        c.pointee.is_draining = isDraining ? 1 : 0
        c.pointee.leaders = leaders
        c.pointee.replicas = replicas
        c.pointee.in_sync = inSync
        c.pointee.stuck_replicas = stuckReplicas
    }
}

extension PartitionHealth: CTwin {
    package typealias C = Martlet__V1__PartitionHealth
    package static var name: String { "PartitionHealth" }
    package static var unpack: Unpack<C> { martlet__v1__partition_health__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        leaderID = c.pointee.leader_id
        leaderEpoch = c.pointee.leader_epoch
        replicas = Self.numbers(c.pointee.replicas, c.pointee.n_replicas)
        inSyncReplicas = Self.numbers(c.pointee.in_sync_replicas, c.pointee.n_in_sync_replicas)
        targetReplicas = Self.numbers(c.pointee.target_replicas, c.pointee.n_target_replicas)
        minInSync = c.pointee.min_in_sync
        lastUncleanEpoch = c.pointee.last_unclean_epoch
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_health__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.leader_id = leaderID
        c.pointee.leader_epoch = leaderEpoch
        (c.pointee.replicas, c.pointee.n_replicas) = arena.copy(replicas)
        (c.pointee.in_sync_replicas, c.pointee.n_in_sync_replicas) = arena.copy(inSyncReplicas)
        (c.pointee.target_replicas, c.pointee.n_target_replicas) = arena.copy(targetReplicas)
        c.pointee.min_in_sync = minInSync
        c.pointee.last_unclean_epoch = lastUncleanEpoch
    }
}

extension StoreHealth: CTwin {
    package typealias C = Martlet__V1__StoreHealth
    package static var name: String { "StoreHealth" }
    package static var unpack: Unpack<C> { martlet__v1__store_health__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        kind = Self.array(c.pointee.kind)
        isAvailable = c.pointee.is_available != 0
        revision = c.pointee.revision
        members = try Self.messages(c.pointee.members, c.pointee.n_members)
        troubles = Self.arrays(c.pointee.troubles, c.pointee.n_troubles)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__store_health__init(c)
        c.pointee.kind = arena.copy(kind)
        c.pointee.is_available = isAvailable ? 1 : 0
        c.pointee.revision = revision
        (c.pointee.members, c.pointee.n_members) = arena.copy(members)
        (c.pointee.troubles, c.pointee.n_troubles) = arena.copy(troubles)
    }
}

extension StoreMember: CTwin {
    package typealias C = Martlet__V1__StoreMember
    package static var name: String { "StoreMember" }
    package static var unpack: Unpack<C> { martlet__v1__store_member__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        isReachable = c.pointee.is_reachable != 0
        isLeader = c.pointee.is_leader != 0
        version = Self.array(c.pointee.version)
        sizeBytes = c.pointee.size_bytes
        usedBytes = c.pointee.used_bytes
        troubles = Self.arrays(c.pointee.troubles, c.pointee.n_troubles)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__store_member__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.is_reachable = isReachable ? 1 : 0
        c.pointee.is_leader = isLeader ? 1 : 0
        c.pointee.version = arena.copy(version)
        c.pointee.size_bytes = sizeBytes
        c.pointee.used_bytes = usedBytes
        (c.pointee.troubles, c.pointee.n_troubles) = arena.copy(troubles)
    }
}

extension DescribeConfigRequest: CTwin {
    package typealias C = Martlet__V1__DescribeConfigRequest
    package static var name: String { "DescribeConfigRequest" }
    package static var unpack: Unpack<C> { martlet__v1__describe_config_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_config_request__init(c)
    }
}

extension DescribeConfigResponse: CTwin {
    package typealias C = Martlet__V1__DescribeConfigResponse
    package static var name: String { "DescribeConfigResponse" }
    package static var unpack: Unpack<C> { martlet__v1__describe_config_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        settings = try Self.messages(c.pointee.settings, c.pointee.n_settings)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_config_response__init(c)
        (c.pointee.settings, c.pointee.n_settings) = arena.copy(settings)
    }
}

extension AlterConfigRequest: CTwin {
    package typealias C = Martlet__V1__AlterConfigRequest
    package static var name: String { "AlterConfigRequest" }
    package static var unpack: Unpack<C> { martlet__v1__alter_config_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        set = try Self.messages(c.pointee.set, c.pointee.n_set)
        reset = Self.arrays(c.pointee.reset, c.pointee.n_reset)
        validateOnly = c.pointee.validate_only != 0
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_config_request__init(c)
        (c.pointee.set, c.pointee.n_set) = arena.copy(set)
        (c.pointee.reset, c.pointee.n_reset) = arena.copy(reset)
        c.pointee.validate_only = validateOnly ? 1 : 0
    }
}

extension AlterConfigResponse: CTwin {
    package typealias C = Martlet__V1__AlterConfigResponse
    package static var name: String { "AlterConfigResponse" }
    package static var unpack: Unpack<C> { martlet__v1__alter_config_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_config_response__init(c)
    }
}

extension RemoveBrokerRequest: CTwin {
    package typealias C = Martlet__V1__RemoveBrokerRequest
    package static var name: String { "RemoveBrokerRequest" }
    package static var unpack: Unpack<C> { martlet__v1__remove_broker_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__remove_broker_request__init(c)
        c.pointee.broker_id = brokerID
    }
}

extension RemoveBrokerResponse: CTwin {
    package typealias C = Martlet__V1__RemoveBrokerResponse
    package static var name: String { "RemoveBrokerResponse" }
    package static var unpack: Unpack<C> { martlet__v1__remove_broker_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__remove_broker_response__init(c)
    }
}

extension DrainRequest: CTwin {
    package typealias C = Martlet__V1__DrainRequest
    package static var name: String { "DrainRequest" }
    package static var unpack: Unpack<C> { martlet__v1__drain_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
        cancel = c.pointee.cancel != 0
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__drain_request__init(c)
        c.pointee.broker_id = brokerID
        c.pointee.cancel = cancel ? 1 : 0
    }
}

extension DrainResponse: CTwin {
    package typealias C = Martlet__V1__DrainResponse
    package static var name: String { "DrainResponse" }
    package static var unpack: Unpack<C> { martlet__v1__drain_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        leaders = c.pointee.leaders
        replicas = c.pointee.replicas
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__drain_response__init(c)
        c.pointee.leaders = leaders
        c.pointee.replicas = replicas
    }
}

extension PlanReassignmentRequest: CTwin {
    package typealias C = Martlet__V1__PlanReassignmentRequest
    package static var name: String { "PlanReassignmentRequest" }
    package static var unpack: Unpack<C> { martlet__v1__plan_reassignment_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = Self.arrays(c.pointee.topics, c.pointee.n_topics)
        brokers = Self.numbers(c.pointee.brokers, c.pointee.n_brokers)
        replicationFactor = c.pointee.replication_factor
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__plan_reassignment_request__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
        (c.pointee.brokers, c.pointee.n_brokers) = arena.copy(brokers)
        c.pointee.replication_factor = replicationFactor
    }
}

extension PlanReassignmentResponse: CTwin {
    package typealias C = Martlet__V1__PlanReassignmentResponse
    package static var name: String { "PlanReassignmentResponse" }
    package static var unpack: Unpack<C> { martlet__v1__plan_reassignment_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        moves = try Self.messages(c.pointee.moves, c.pointee.n_moves)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__plan_reassignment_response__init(c)
        (c.pointee.moves, c.pointee.n_moves) = arena.copy(moves)
    }
}

extension PartitionMove: CTwin {
    package typealias C = Martlet__V1__PartitionMove
    package static var name: String { "PartitionMove" }
    package static var unpack: Unpack<C> { martlet__v1__partition_move__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        replicas = Self.numbers(c.pointee.replicas, c.pointee.n_replicas)
        target = Self.numbers(c.pointee.target, c.pointee.n_target)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_move__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        (c.pointee.replicas, c.pointee.n_replicas) = arena.copy(replicas)
        (c.pointee.target, c.pointee.n_target) = arena.copy(target)
    }
}

extension ReassignRequest: CTwin {
    package typealias C = Martlet__V1__ReassignRequest
    package static var name: String { "ReassignRequest" }
    package static var unpack: Unpack<C> { martlet__v1__reassign_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        moves = try Self.messages(c.pointee.moves, c.pointee.n_moves)
        throttleBytesPerSecond = c.pointee.throttle_bytes_per_second
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__reassign_request__init(c)
        (c.pointee.moves, c.pointee.n_moves) = arena.copy(moves)
        c.pointee.throttle_bytes_per_second = throttleBytesPerSecond
    }
}

extension ReassignResponse: CTwin {
    package typealias C = Martlet__V1__ReassignResponse
    package static var name: String { "ReassignResponse" }
    package static var unpack: Unpack<C> { martlet__v1__reassign_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__reassign_response__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension PartitionResult: CTwin {
    package typealias C = Martlet__V1__PartitionResult
    package static var name: String { "PartitionResult" }
    package static var unpack: Unpack<C> { martlet__v1__partition_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_result__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension CancelReassignmentsRequest: CTwin {
    package typealias C = Martlet__V1__CancelReassignmentsRequest
    package static var name: String { "CancelReassignmentsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__cancel_reassignments_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__cancel_reassignments_request__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension CancelReassignmentsResponse: CTwin {
    package typealias C = Martlet__V1__CancelReassignmentsResponse
    package static var name: String { "CancelReassignmentsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__cancel_reassignments_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        moves = try Self.messages(c.pointee.moves, c.pointee.n_moves)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__cancel_reassignments_response__init(c)
        (c.pointee.moves, c.pointee.n_moves) = arena.copy(moves)
    }
}

extension ListReassignmentsRequest: CTwin {
    package typealias C = Martlet__V1__ListReassignmentsRequest
    package static var name: String { "ListReassignmentsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__list_reassignments_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_reassignments_request__init(c)
    }
}

extension ListReassignmentsResponse: CTwin {
    package typealias C = Martlet__V1__ListReassignmentsResponse
    package static var name: String { "ListReassignmentsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__list_reassignments_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        reassignments = try Self.messages(c.pointee.reassignments, c.pointee.n_reassignments)
        throttleBytesPerSecond = c.pointee.throttle_bytes_per_second
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_reassignments_response__init(c)
        (c.pointee.reassignments, c.pointee.n_reassignments) = arena.copy(reassignments)
        c.pointee.throttle_bytes_per_second = throttleBytesPerSecond
    }
}

extension ReassignmentProgress: CTwin {
    package typealias C = Martlet__V1__ReassignmentProgress
    package static var name: String { "ReassignmentProgress" }
    package static var unpack: Unpack<C> { martlet__v1__reassignment_progress__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        former = Self.numbers(c.pointee.former, c.pointee.n_former)
        target = Self.numbers(c.pointee.target, c.pointee.n_target)
        inSyncReplicas = Self.numbers(c.pointee.in_sync_replicas, c.pointee.n_in_sync_replicas)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__reassignment_progress__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        (c.pointee.former, c.pointee.n_former) = arena.copy(former)
        (c.pointee.target, c.pointee.n_target) = arena.copy(target)
        (c.pointee.in_sync_replicas, c.pointee.n_in_sync_replicas) = arena.copy(inSyncReplicas)
    }
}

extension ElectLeadersRequest: CTwin {
    package typealias C = Martlet__V1__ElectLeadersRequest
    package static var name: String { "ElectLeadersRequest" }
    package static var unpack: Unpack<C> { martlet__v1__elect_leaders_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        elections = try Self.messages(c.pointee.elections, c.pointee.n_elections)
        unclean = c.pointee.unclean != 0
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__elect_leaders_request__init(c)
        (c.pointee.elections, c.pointee.n_elections) = arena.copy(elections)
        c.pointee.unclean = unclean ? 1 : 0
    }
}

extension Election: CTwin {
    package typealias C = Martlet__V1__Election
    package static var name: String { "Election" }
    package static var unpack: Unpack<C> { martlet__v1__election__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        choice = c.pointee.choice
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__election__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        c.pointee.choice = choice
    }
}

extension ElectLeadersResponse: CTwin {
    package typealias C = Martlet__V1__ElectLeadersResponse
    package static var name: String { "ElectLeadersResponse" }
    package static var unpack: Unpack<C> { martlet__v1__elect_leaders_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        elections = try Self.messages(c.pointee.elections, c.pointee.n_elections)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__elect_leaders_response__init(c)
        (c.pointee.elections, c.pointee.n_elections) = arena.copy(elections)
    }
}

extension ElectionResult: CTwin {
    package typealias C = Martlet__V1__ElectionResult
    package static var name: String { "ElectionResult" }
    package static var unpack: Unpack<C> { martlet__v1__election_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        leaderID = c.pointee.leader_id
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__election_result__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.leader_id = leaderID
    }
}

extension PartitionName: CTwin {
    package typealias C = Martlet__V1__PartitionName
    package static var name: String { "PartitionName" }
    package static var unpack: Unpack<C> { martlet__v1__partition_name__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_name__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
    }
}
