// Written by proto/generate from proto/martlet/v1/records.proto; edit that instead.

package import CMartletProto

extension ProduceRequest: CTwin {
    package typealias C = Martlet__V1__ProduceRequest
    package static var name: String { "ProduceRequest" }
    package static var unpack: Unpack<C> { martlet__v1__produce_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        acks = c.pointee.acks
        timeoutMs = c.pointee.timeout_ms
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__produce_request__init(c)
        c.pointee.acks = acks
        c.pointee.timeout_ms = timeoutMs
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension ProducePartition: CTwin {
    package typealias C = Martlet__V1__ProducePartition
    package static var name: String { "ProducePartition" }
    package static var unpack: Unpack<C> { martlet__v1__produce_partition__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        leaderEpoch = c.pointee.leader_epoch
        batchBytes = c.pointee.batch_bytes
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__produce_partition__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.batch_bytes = batchBytes
    }
}

extension ProduceResponse: CTwin {
    package typealias C = Martlet__V1__ProduceResponse
    package static var name: String { "ProduceResponse" }
    package static var unpack: Unpack<C> { martlet__v1__produce_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__produce_response__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension ProducePartitionResult: CTwin {
    package typealias C = Martlet__V1__ProducePartitionResult
    package static var name: String { "ProducePartitionResult" }
    package static var unpack: Unpack<C> { martlet__v1__produce_partition_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        baseOffset = c.pointee.base_offset
        logAppendTimeMs = c.pointee.log_append_time_ms
        logStartOffset = c.pointee.log_start_offset
        leader = try Self.message(c.pointee.leader)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__produce_partition_result__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.base_offset = baseOffset
        c.pointee.log_append_time_ms = logAppendTimeMs
        c.pointee.log_start_offset = logStartOffset
        c.pointee.leader = arena.copy(leader)
    }
}

extension LeaderHint: CTwin {
    package typealias C = Martlet__V1__LeaderHint
    package static var name: String { "LeaderHint" }
    package static var unpack: Unpack<C> { martlet__v1__leader_hint__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
        leaderEpoch = c.pointee.leader_epoch
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__leader_hint__init(c)
        c.pointee.broker_id = brokerID
        c.pointee.leader_epoch = leaderEpoch
    }
}

extension FetchRequest: CTwin {
    package typealias C = Martlet__V1__FetchRequest
    package static var name: String { "FetchRequest" }
    package static var unpack: Unpack<C> { martlet__v1__fetch_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        maxWaitMs = c.pointee.max_wait_ms
        minBytes = c.pointee.min_bytes
        maxBytes = c.pointee.max_bytes
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
        rack = Self.array(c.pointee.rack)
        replica = try Self.message(c.pointee.replica)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_request__init(c)
        c.pointee.max_wait_ms = maxWaitMs
        c.pointee.min_bytes = minBytes
        c.pointee.max_bytes = maxBytes
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
        c.pointee.rack = arena.copy(rack)
        c.pointee.replica = arena.copy(replica)
    }
}

extension FetchReplica: CTwin {
    package typealias C = Martlet__V1__FetchReplica
    package static var name: String { "FetchReplica" }
    package static var unpack: Unpack<C> { martlet__v1__fetch_replica__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
        startEpoch = c.pointee.start_epoch
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_replica__init(c)
        c.pointee.broker_id = brokerID
        c.pointee.start_epoch = startEpoch
    }
}

extension FetchPartition: CTwin {
    package typealias C = Martlet__V1__FetchPartition
    package static var name: String { "FetchPartition" }
    package static var unpack: Unpack<C> { martlet__v1__fetch_partition__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        leaderEpoch = c.pointee.leader_epoch
        fetchOffset = c.pointee.fetch_offset
        lastFetchedEpoch = c.pointee.last_fetched_epoch
        maxBytes = c.pointee.max_bytes
        logStartOffset = c.pointee.log_start_offset
        durableOffset = c.pointee.durable_offset
        isUnderRepair = c.pointee.is_under_repair != 0
        mustBeCopied = c.pointee.must_be_copied != 0
        foundDamage = c.pointee.found_damage != 0
        incarnation = c.pointee.incarnation
        hasReaders = c.pointee.has_readers != 0
        highWatermark = c.pointee.high_watermark
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_partition__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.fetch_offset = fetchOffset
        c.pointee.last_fetched_epoch = lastFetchedEpoch
        c.pointee.max_bytes = maxBytes
        c.pointee.log_start_offset = logStartOffset
        c.pointee.durable_offset = durableOffset
        c.pointee.is_under_repair = isUnderRepair ? 1 : 0
        c.pointee.must_be_copied = mustBeCopied ? 1 : 0
        c.pointee.found_damage = foundDamage ? 1 : 0
        c.pointee.incarnation = incarnation
        c.pointee.has_readers = hasReaders ? 1 : 0
        c.pointee.high_watermark = highWatermark
    }
}

extension FetchResponse: CTwin {
    package typealias C = Martlet__V1__FetchResponse
    package static var name: String { "FetchResponse" }
    package static var unpack: Unpack<C> { martlet__v1__fetch_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
        hasLiveTraffic = c.pointee.has_live_traffic != 0
        producedBytesPerSecond = c.pointee.produced_bytes_per_second
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_response__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
        c.pointee.has_live_traffic = hasLiveTraffic ? 1 : 0
        c.pointee.produced_bytes_per_second = producedBytesPerSecond
    }
}

extension FetchPartitionResult: CTwin {
    package typealias C = Martlet__V1__FetchPartitionResult
    package static var name: String { "FetchPartitionResult" }
    package static var unpack: Unpack<C> { martlet__v1__fetch_partition_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        index = c.pointee.index
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        highWatermark = c.pointee.high_watermark
        logStartOffset = c.pointee.log_start_offset
        batchBytes = c.pointee.batch_bytes
        leader = try Self.message(c.pointee.leader)
        diverging = try Self.message(c.pointee.diverging)
        mayHaveGaps = c.pointee.may_have_gaps != 0
        nearer = try Self.message(c.pointee.nearer)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__fetch_partition_result__init(c)
        c.pointee.index = index
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.high_watermark = highWatermark
        c.pointee.log_start_offset = logStartOffset
        c.pointee.batch_bytes = batchBytes
        c.pointee.leader = arena.copy(leader)
        c.pointee.diverging = arena.copy(diverging)
        c.pointee.may_have_gaps = mayHaveGaps ? 1 : 0
        c.pointee.nearer = arena.copy(nearer)
    }
}

extension NearerReplica: CTwin {
    package typealias C = Martlet__V1__NearerReplica
    package static var name: String { "NearerReplica" }
    package static var unpack: Unpack<C> { martlet__v1__nearer_replica__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__nearer_replica__init(c)
        c.pointee.broker_id = brokerID
    }
}

extension EpochEnd: CTwin {
    package typealias C = Martlet__V1__EpochEnd
    package static var name: String { "EpochEnd" }
    package static var unpack: Unpack<C> { martlet__v1__epoch_end__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        leaderEpoch = c.pointee.leader_epoch
        endOffset = c.pointee.end_offset
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__epoch_end__init(c)
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.end_offset = endOffset
    }
}

extension ListOffsetsRequest: CTwin {
    package typealias C = Martlet__V1__ListOffsetsRequest
    package static var name: String { "ListOffsetsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__list_offsets_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_offsets_request__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension ListOffsetsPartition: CTwin {
    package typealias C = Martlet__V1__ListOffsetsPartition
    package static var name: String { "ListOffsetsPartition" }
    package static var unpack: Unpack<C> { martlet__v1__list_offsets_partition__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        leaderEpoch = c.pointee.leader_epoch
        timestampMs = c.pointee.timestamp_ms
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_offsets_partition__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.timestamp_ms = timestampMs
    }
}

extension ListOffsetsResponse: CTwin {
    package typealias C = Martlet__V1__ListOffsetsResponse
    package static var name: String { "ListOffsetsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__list_offsets_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_offsets_response__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension ListOffsetsPartitionResult: CTwin {
    package typealias C = Martlet__V1__ListOffsetsPartitionResult
    package static var name: String { "ListOffsetsPartitionResult" }
    package static var unpack: Unpack<C> { martlet__v1__list_offsets_partition_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        offset = c.pointee.offset
        timestampMs = c.pointee.timestamp_ms
        leaderEpoch = c.pointee.leader_epoch
        leader = try Self.message(c.pointee.leader)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__list_offsets_partition_result__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.offset = offset
        c.pointee.timestamp_ms = timestampMs
        c.pointee.leader_epoch = leaderEpoch
        c.pointee.leader = arena.copy(leader)
    }
}

extension InitProducerIdRequest: CTwin {
    package typealias C = Martlet__V1__InitProducerIdRequest
    package static var name: String { "InitProducerIdRequest" }
    package static var unpack: Unpack<C> { martlet__v1__init_producer_id_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        producerID = c.pointee.producer_id
        producerEpoch = c.pointee.producer_epoch
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__init_producer_id_request__init(c)
        c.pointee.producer_id = producerID
        c.pointee.producer_epoch = producerEpoch
    }
}

extension InitProducerIdResponse: CTwin {
    package typealias C = Martlet__V1__InitProducerIdResponse
    package static var name: String { "InitProducerIdResponse" }
    package static var unpack: Unpack<C> { martlet__v1__init_producer_id_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        producerID = c.pointee.producer_id
        producerEpoch = c.pointee.producer_epoch
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__init_producer_id_response__init(c)
        c.pointee.producer_id = producerID
        c.pointee.producer_epoch = producerEpoch
    }
}
