// Written by proto/generate from proto/martlet/v1/operations.proto; edit that instead.

internal import CMartletProto

extension DescribeClusterRequest: CTwin {
    typealias C = Martlet__V1__DescribeClusterRequest
    static var name: String { "DescribeClusterRequest" }
    static var unpack: Unpack<C> { martlet__v1__describe_cluster_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {}

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_cluster_request__init(c)
    }
}

extension DescribeClusterResponse: CTwin {
    typealias C = Martlet__V1__DescribeClusterResponse
    static var name: String { "DescribeClusterResponse" }
    static var unpack: Unpack<C> { martlet__v1__describe_cluster_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
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

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    typealias C = Martlet__V1__BrokerDescription
    static var name: String { "BrokerDescription" }
    static var unpack: Unpack<C> { martlet__v1__broker_description__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
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

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    typealias C = Martlet__V1__PartitionHealth
    static var name: String { "PartitionHealth" }
    static var unpack: Unpack<C> { martlet__v1__partition_health__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
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

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    typealias C = Martlet__V1__StoreHealth
    static var name: String { "StoreHealth" }
    static var unpack: Unpack<C> { martlet__v1__store_health__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        kind = Self.array(c.pointee.kind)
        isAvailable = c.pointee.is_available != 0
        revision = c.pointee.revision
        members = try Self.messages(c.pointee.members, c.pointee.n_members)
        troubles = Self.arrays(c.pointee.troubles, c.pointee.n_troubles)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__store_health__init(c)
        c.pointee.kind = arena.copy(kind)
        c.pointee.is_available = isAvailable ? 1 : 0
        c.pointee.revision = revision
        (c.pointee.members, c.pointee.n_members) = arena.copy(members)
        (c.pointee.troubles, c.pointee.n_troubles) = arena.copy(troubles)
    }
}

extension StoreMember: CTwin {
    typealias C = Martlet__V1__StoreMember
    static var name: String { "StoreMember" }
    static var unpack: Unpack<C> { martlet__v1__store_member__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        isReachable = c.pointee.is_reachable != 0
        isLeader = c.pointee.is_leader != 0
        version = Self.array(c.pointee.version)
        sizeBytes = c.pointee.size_bytes
        usedBytes = c.pointee.used_bytes
        troubles = Self.arrays(c.pointee.troubles, c.pointee.n_troubles)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
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
    typealias C = Martlet__V1__DescribeConfigRequest
    static var name: String { "DescribeConfigRequest" }
    static var unpack: Unpack<C> { martlet__v1__describe_config_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {}

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_config_request__init(c)
    }
}

extension DescribeConfigResponse: CTwin {
    typealias C = Martlet__V1__DescribeConfigResponse
    static var name: String { "DescribeConfigResponse" }
    static var unpack: Unpack<C> { martlet__v1__describe_config_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        settings = try Self.messages(c.pointee.settings, c.pointee.n_settings)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_config_response__init(c)
        (c.pointee.settings, c.pointee.n_settings) = arena.copy(settings)
    }
}

extension AlterConfigRequest: CTwin {
    typealias C = Martlet__V1__AlterConfigRequest
    static var name: String { "AlterConfigRequest" }
    static var unpack: Unpack<C> { martlet__v1__alter_config_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        set = try Self.messages(c.pointee.set, c.pointee.n_set)
        reset = Self.arrays(c.pointee.reset, c.pointee.n_reset)
        validateOnly = c.pointee.validate_only != 0
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_config_request__init(c)
        (c.pointee.set, c.pointee.n_set) = arena.copy(set)
        (c.pointee.reset, c.pointee.n_reset) = arena.copy(reset)
        c.pointee.validate_only = validateOnly ? 1 : 0
    }
}

extension AlterConfigResponse: CTwin {
    typealias C = Martlet__V1__AlterConfigResponse
    static var name: String { "AlterConfigResponse" }
    static var unpack: Unpack<C> { martlet__v1__alter_config_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {}

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_config_response__init(c)
    }
}

extension RemoveBrokerRequest: CTwin {
    typealias C = Martlet__V1__RemoveBrokerRequest
    static var name: String { "RemoveBrokerRequest" }
    static var unpack: Unpack<C> { martlet__v1__remove_broker_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__remove_broker_request__init(c)
        c.pointee.broker_id = brokerID
    }
}

extension RemoveBrokerResponse: CTwin {
    typealias C = Martlet__V1__RemoveBrokerResponse
    static var name: String { "RemoveBrokerResponse" }
    static var unpack: Unpack<C> { martlet__v1__remove_broker_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {}

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__remove_broker_response__init(c)
    }
}

extension DrainRequest: CTwin {
    typealias C = Martlet__V1__DrainRequest
    static var name: String { "DrainRequest" }
    static var unpack: Unpack<C> { martlet__v1__drain_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
        cancel = c.pointee.cancel != 0
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__drain_request__init(c)
        c.pointee.broker_id = brokerID
        c.pointee.cancel = cancel ? 1 : 0
    }
}

extension DrainResponse: CTwin {
    typealias C = Martlet__V1__DrainResponse
    static var name: String { "DrainResponse" }
    static var unpack: Unpack<C> { martlet__v1__drain_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        leaders = c.pointee.leaders
        replicas = c.pointee.replicas
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__drain_response__init(c)
        c.pointee.leaders = leaders
        c.pointee.replicas = replicas
    }
}

extension PlanReassignmentRequest: CTwin {
    typealias C = Martlet__V1__PlanReassignmentRequest
    static var name: String { "PlanReassignmentRequest" }
    static var unpack: Unpack<C> { martlet__v1__plan_reassignment_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = Self.arrays(c.pointee.topics, c.pointee.n_topics)
        brokers = Self.numbers(c.pointee.brokers, c.pointee.n_brokers)
        replicationFactor = c.pointee.replication_factor
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__plan_reassignment_request__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
        (c.pointee.brokers, c.pointee.n_brokers) = arena.copy(brokers)
        c.pointee.replication_factor = replicationFactor
    }
}

extension PlanReassignmentResponse: CTwin {
    typealias C = Martlet__V1__PlanReassignmentResponse
    static var name: String { "PlanReassignmentResponse" }
    static var unpack: Unpack<C> { martlet__v1__plan_reassignment_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        moves = try Self.messages(c.pointee.moves, c.pointee.n_moves)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__plan_reassignment_response__init(c)
        (c.pointee.moves, c.pointee.n_moves) = arena.copy(moves)
    }
}

extension PartitionMove: CTwin {
    typealias C = Martlet__V1__PartitionMove
    static var name: String { "PartitionMove" }
    static var unpack: Unpack<C> { martlet__v1__partition_move__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        replicas = Self.numbers(c.pointee.replicas, c.pointee.n_replicas)
        target = Self.numbers(c.pointee.target, c.pointee.n_target)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_move__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        (c.pointee.replicas, c.pointee.n_replicas) = arena.copy(replicas)
        (c.pointee.target, c.pointee.n_target) = arena.copy(target)
    }
}

extension ReassignRequest: CTwin {
    typealias C = Martlet__V1__ReassignRequest
    static var name: String { "ReassignRequest" }
    static var unpack: Unpack<C> { martlet__v1__reassign_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        moves = try Self.messages(c.pointee.moves, c.pointee.n_moves)
        throttleBytesPerSecond = c.pointee.throttle_bytes_per_second
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__reassign_request__init(c)
        (c.pointee.moves, c.pointee.n_moves) = arena.copy(moves)
        c.pointee.throttle_bytes_per_second = throttleBytesPerSecond
    }
}

extension ReassignResponse: CTwin {
    typealias C = Martlet__V1__ReassignResponse
    static var name: String { "ReassignResponse" }
    static var unpack: Unpack<C> { martlet__v1__reassign_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__reassign_response__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension PartitionResult: CTwin {
    typealias C = Martlet__V1__PartitionResult
    static var name: String { "PartitionResult" }
    static var unpack: Unpack<C> { martlet__v1__partition_result__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_result__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension CancelReassignmentsRequest: CTwin {
    typealias C = Martlet__V1__CancelReassignmentsRequest
    static var name: String { "CancelReassignmentsRequest" }
    static var unpack: Unpack<C> { martlet__v1__cancel_reassignments_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__cancel_reassignments_request__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension CancelReassignmentsResponse: CTwin {
    typealias C = Martlet__V1__CancelReassignmentsResponse
    static var name: String { "CancelReassignmentsResponse" }
    static var unpack: Unpack<C> { martlet__v1__cancel_reassignments_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        moves = try Self.messages(c.pointee.moves, c.pointee.n_moves)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__cancel_reassignments_response__init(c)
        (c.pointee.moves, c.pointee.n_moves) = arena.copy(moves)
    }
}

extension ListReassignmentsRequest: CTwin {
    typealias C = Martlet__V1__ListReassignmentsRequest
    static var name: String { "ListReassignmentsRequest" }
    static var unpack: Unpack<C> { martlet__v1__list_reassignments_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {}

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_reassignments_request__init(c)
    }
}

extension ListReassignmentsResponse: CTwin {
    typealias C = Martlet__V1__ListReassignmentsResponse
    static var name: String { "ListReassignmentsResponse" }
    static var unpack: Unpack<C> { martlet__v1__list_reassignments_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        reassignments = try Self.messages(c.pointee.reassignments, c.pointee.n_reassignments)
        throttleBytesPerSecond = c.pointee.throttle_bytes_per_second
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_reassignments_response__init(c)
        (c.pointee.reassignments, c.pointee.n_reassignments) = arena.copy(reassignments)
        c.pointee.throttle_bytes_per_second = throttleBytesPerSecond
    }
}

extension ReassignmentProgress: CTwin {
    typealias C = Martlet__V1__ReassignmentProgress
    static var name: String { "ReassignmentProgress" }
    static var unpack: Unpack<C> { martlet__v1__reassignment_progress__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        former = Self.numbers(c.pointee.former, c.pointee.n_former)
        target = Self.numbers(c.pointee.target, c.pointee.n_target)
        inSyncReplicas = Self.numbers(c.pointee.in_sync_replicas, c.pointee.n_in_sync_replicas)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__reassignment_progress__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        (c.pointee.former, c.pointee.n_former) = arena.copy(former)
        (c.pointee.target, c.pointee.n_target) = arena.copy(target)
        (c.pointee.in_sync_replicas, c.pointee.n_in_sync_replicas) = arena.copy(inSyncReplicas)
    }
}

extension ElectLeadersRequest: CTwin {
    typealias C = Martlet__V1__ElectLeadersRequest
    static var name: String { "ElectLeadersRequest" }
    static var unpack: Unpack<C> { martlet__v1__elect_leaders_request__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        elections = try Self.messages(c.pointee.elections, c.pointee.n_elections)
        unclean = c.pointee.unclean != 0
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__elect_leaders_request__init(c)
        (c.pointee.elections, c.pointee.n_elections) = arena.copy(elections)
        c.pointee.unclean = unclean ? 1 : 0
    }
}

extension Election: CTwin {
    typealias C = Martlet__V1__Election
    static var name: String { "Election" }
    static var unpack: Unpack<C> { martlet__v1__election__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        choice = c.pointee.choice
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__election__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        c.pointee.choice = choice
    }
}

extension ElectLeadersResponse: CTwin {
    typealias C = Martlet__V1__ElectLeadersResponse
    static var name: String { "ElectLeadersResponse" }
    static var unpack: Unpack<C> { martlet__v1__elect_leaders_response__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        elections = try Self.messages(c.pointee.elections, c.pointee.n_elections)
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__elect_leaders_response__init(c)
        (c.pointee.elections, c.pointee.n_elections) = arena.copy(elections)
    }
}

extension ElectionResult: CTwin {
    typealias C = Martlet__V1__ElectionResult
    static var name: String { "ElectionResult" }
    static var unpack: Unpack<C> { martlet__v1__election_result__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        leaderID = c.pointee.leader_id
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__election_result__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.leader_id = leaderID
    }
}

extension PartitionName: CTwin {
    typealias C = Martlet__V1__PartitionName
    static var name: String { "PartitionName" }
    static var unpack: Unpack<C> { martlet__v1__partition_name__unpack }

    init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
    }

    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_name__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
    }
}
