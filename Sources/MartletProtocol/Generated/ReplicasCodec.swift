// Written by proto/generate from proto/martlet/v1/replicas.proto; edit that instead.

package import CMartletProto

extension ReportDurableRequest: CTwin {
    package typealias C = Martlet__V1__ReportDurableRequest
    package static var name: String { "ReportDurableRequest" }
    package static var unpack: Unpack<C> { martlet__v1__report_durable_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        replica = try Self.message(c.pointee.replica)
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__report_durable_request__init(c)
        c.pointee.replica = arena.copy(replica)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension DurablePartition: CTwin {
    package typealias C = Martlet__V1__DurablePartition
    package static var name: String { "DurablePartition" }
    package static var unpack: Unpack<C> { martlet__v1__durable_partition__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        leaderEpoch = c.pointee.leader_epoch
        durableOffset = c.pointee.durable_offset
        incarnation = c.pointee.incarnation
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__durable_partition__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.durable_offset = durableOffset
        c.pointee.incarnation = incarnation
    }
}

extension ReportDurableResponse: CTwin {
    package typealias C = Martlet__V1__ReportDurableResponse
    package static var name: String { "ReportDurableResponse" }
    package static var unpack: Unpack<C> { martlet__v1__report_durable_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__report_durable_response__init(c)
    }
}

extension ReadBatchesRequest: CTwin {
    package typealias C = Martlet__V1__ReadBatchesRequest
    package static var name: String { "ReadBatchesRequest" }
    package static var unpack: Unpack<C> { martlet__v1__read_batches_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        offset = c.pointee.offset
        endOffset = c.pointee.end_offset
        maxBytes = c.pointee.max_bytes
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__read_batches_request__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.offset = offset
        c.pointee.end_offset = endOffset
        c.pointee.max_bytes = maxBytes
    }
}

extension ReadBatchesResponse: CTwin {
    package typealias C = Martlet__V1__ReadBatchesResponse
    package static var name: String { "ReadBatchesResponse" }
    package static var unpack: Unpack<C> { martlet__v1__read_batches_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__read_batches_response__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension ReplicaStatesRequest: CTwin {
    package typealias C = Martlet__V1__ReplicaStatesRequest
    package static var name: String { "ReplicaStatesRequest" }
    package static var unpack: Unpack<C> { martlet__v1__replica_states_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicIDs = Self.arrays(c.pointee.topic_ids, c.pointee.n_topic_ids)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__replica_states_request__init(c)
        (c.pointee.topic_ids, c.pointee.n_topic_ids) = arena.copy(topicIDs)
    }
}

extension ReplicaStatesResponse: CTwin {
    package typealias C = Martlet__V1__ReplicaStatesResponse
    package static var name: String { "ReplicaStatesResponse" }
    package static var unpack: Unpack<C> { martlet__v1__replica_states_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
        startEpoch = c.pointee.start_epoch
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__replica_states_response__init(c)
        c.pointee.broker_id = brokerID
        c.pointee.start_epoch = startEpoch
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension ReplicaState: CTwin {
    package typealias C = Martlet__V1__ReplicaState
    package static var name: String { "ReplicaState" }
    package static var unpack: Unpack<C> { martlet__v1__replica_state__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        isLeader = c.pointee.is_leader != 0
        leaderEpoch = c.pointee.leader_epoch
        lastEpoch = c.pointee.last_epoch
        logStartOffset = c.pointee.log_start_offset
        logEndOffset = c.pointee.log_end_offset
        durableOffset = c.pointee.durable_offset
        highWatermark = c.pointee.high_watermark
        sizeBytes = c.pointee.size_bytes
        trouble = Self.array(c.pointee.trouble)
        isFollower = c.pointee.is_follower != 0
        topic = Self.array(c.pointee.topic)
        followers = try Self.messages(c.pointee.followers, c.pointee.n_followers)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__replica_state__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.is_leader = isLeader ? 1 : 0
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.last_epoch = lastEpoch
        c.pointee.log_start_offset = logStartOffset
        c.pointee.log_end_offset = logEndOffset
        c.pointee.durable_offset = durableOffset
        c.pointee.high_watermark = highWatermark
        c.pointee.size_bytes = sizeBytes
        c.pointee.trouble = arena.copy(trouble)
        c.pointee.is_follower = isFollower ? 1 : 0
        c.pointee.topic = arena.copy(topic)
        (c.pointee.followers, c.pointee.n_followers) = arena.copy(followers)
    }
}

extension FollowerState: CTwin {
    package typealias C = Martlet__V1__FollowerState
    package static var name: String { "FollowerState" }
    package static var unpack: Unpack<C> { martlet__v1__follower_state__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
        logEndOffset = c.pointee.log_end_offset
        durableOffset = c.pointee.durable_offset
        isInSync = c.pointee.is_in_sync != 0
        lagMs = c.pointee.lag_ms
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__follower_state__init(c)
        c.pointee.broker_id = brokerID
        c.pointee.log_end_offset = logEndOffset
        c.pointee.durable_offset = durableOffset
        c.pointee.is_in_sync = isInSync ? 1 : 0
        c.pointee.lag_ms = lagMs
    }
}

extension ReportDeathRequest: CTwin {
    package typealias C = Martlet__V1__ReportDeathRequest
    package static var name: String { "ReportDeathRequest" }
    package static var unpack: Unpack<C> { martlet__v1__report_death_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
        startEpoch = c.pointee.start_epoch
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__report_death_request__init(c)
        c.pointee.broker_id = brokerID
        c.pointee.start_epoch = startEpoch
    }
}

extension ReportDeathResponse: CTwin {
    package typealias C = Martlet__V1__ReportDeathResponse
    package static var name: String { "ReportDeathResponse" }
    package static var unpack: Unpack<C> { martlet__v1__report_death_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__report_death_response__init(c)
    }
}

extension RequestMoveRequest: CTwin {
    package typealias C = Martlet__V1__RequestMoveRequest
    package static var name: String { "RequestMoveRequest" }
    package static var unpack: Unpack<C> { martlet__v1__request_move_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        leader = try Self.message(c.pointee.leader)
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__request_move_request__init(c)
        c.pointee.leader = arena.copy(leader)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension MovePartition: CTwin {
    package typealias C = Martlet__V1__MovePartition
    package static var name: String { "MovePartition" }
    package static var unpack: Unpack<C> { martlet__v1__move_partition__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        leaderEpoch = c.pointee.leader_epoch
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__move_partition__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.leader_epoch = leaderEpoch
    }
}

extension RequestMoveResponse: CTwin {
    package typealias C = Martlet__V1__RequestMoveResponse
    package static var name: String { "RequestMoveResponse" }
    package static var unpack: Unpack<C> { martlet__v1__request_move_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__request_move_response__init(c)
    }
}

extension ReachableRequest: CTwin {
    package typealias C = Martlet__V1__ReachableRequest
    package static var name: String { "ReachableRequest" }
    package static var unpack: Unpack<C> { martlet__v1__reachable_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerIDs = Self.numbers(c.pointee.broker_ids, c.pointee.n_broker_ids)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__reachable_request__init(c)
        (c.pointee.broker_ids, c.pointee.n_broker_ids) = arena.copy(brokerIDs)
    }
}

extension ReachableResponse: CTwin {
    package typealias C = Martlet__V1__ReachableResponse
    package static var name: String { "ReachableResponse" }
    package static var unpack: Unpack<C> { martlet__v1__reachable_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerIDs = Self.numbers(c.pointee.broker_ids, c.pointee.n_broker_ids)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__reachable_response__init(c)
        (c.pointee.broker_ids, c.pointee.n_broker_ids) = arena.copy(brokerIDs)
    }
}
