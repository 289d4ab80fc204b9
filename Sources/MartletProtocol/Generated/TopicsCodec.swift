// Written by proto/generate from proto/martlet/v1/topics.proto; edit that instead.

package import CMartletProto

extension TopicSetting: CTwin {
    package typealias C = Martlet__V1__TopicSetting
    package static var name: String { "TopicSetting" }
    package static var unpack: Unpack<C> { martlet__v1__topic_setting__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        value = Self.array(c.pointee.value)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__topic_setting__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.value = arena.copy(value)
    }
}

extension CreateTopicsRequest: CTwin {
    package typealias C = Martlet__V1__CreateTopicsRequest
    package static var name: String { "CreateTopicsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__create_topics_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = try Self.messages(c.pointee.topics, c.pointee.n_topics)
        validateOnly = c.pointee.validate_only != 0
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__create_topics_request__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
        c.pointee.validate_only = validateOnly ? 1 : 0
    }
}

extension NewTopic: CTwin {
    package typealias C = Martlet__V1__NewTopic
    package static var name: String { "NewTopic" }
    package static var unpack: Unpack<C> { martlet__v1__new_topic__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        partitions = c.pointee.partitions
        replicationFactor = c.pointee.replication_factor
        settings = try Self.messages(c.pointee.settings, c.pointee.n_settings)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__new_topic__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.partitions = partitions
        c.pointee.replication_factor = replicationFactor
        (c.pointee.settings, c.pointee.n_settings) = arena.copy(settings)
    }
}

extension CreateTopicsResponse: CTwin {
    package typealias C = Martlet__V1__CreateTopicsResponse
    package static var name: String { "CreateTopicsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__create_topics_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = try Self.messages(c.pointee.topics, c.pointee.n_topics)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__create_topics_response__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
    }
}

extension TopicResult: CTwin {
    package typealias C = Martlet__V1__TopicResult
    package static var name: String { "TopicResult" }
    package static var unpack: Unpack<C> { martlet__v1__topic_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        topicID = Self.array(c.pointee.topic_id)
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__topic_result__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension DeleteTopicsRequest: CTwin {
    package typealias C = Martlet__V1__DeleteTopicsRequest
    package static var name: String { "DeleteTopicsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__delete_topics_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        names = Self.arrays(c.pointee.names, c.pointee.n_names)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_topics_request__init(c)
        (c.pointee.names, c.pointee.n_names) = arena.copy(names)
    }
}

extension DeleteTopicsResponse: CTwin {
    package typealias C = Martlet__V1__DeleteTopicsResponse
    package static var name: String { "DeleteTopicsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__delete_topics_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = try Self.messages(c.pointee.topics, c.pointee.n_topics)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_topics_response__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
    }
}

extension DescribeTopicsRequest: CTwin {
    package typealias C = Martlet__V1__DescribeTopicsRequest
    package static var name: String { "DescribeTopicsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__describe_topics_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        names = Self.arrays(c.pointee.names, c.pointee.n_names)
        topicIDs = Self.arrays(c.pointee.topic_ids, c.pointee.n_topic_ids)
        withSettings = c.pointee.with_settings != 0
        withSizes = c.pointee.with_sizes != 0
        includeInternal = c.pointee.include_internal != 0
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_topics_request__init(c)
        (c.pointee.names, c.pointee.n_names) = arena.copy(names)
        (c.pointee.topic_ids, c.pointee.n_topic_ids) = arena.copy(topicIDs)
        c.pointee.with_settings = withSettings ? 1 : 0
        c.pointee.with_sizes = withSizes ? 1 : 0
        c.pointee.include_internal = includeInternal ? 1 : 0
    }
}

extension DescribeTopicsResponse: CTwin {
    package typealias C = Martlet__V1__DescribeTopicsResponse
    package static var name: String { "DescribeTopicsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__describe_topics_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topics = try Self.messages(c.pointee.topics, c.pointee.n_topics)
        brokers = try Self.messages(c.pointee.brokers, c.pointee.n_brokers)
        controllerID = c.pointee.controller_id
        metadataRevision = c.pointee.metadata_revision
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__describe_topics_response__init(c)
        (c.pointee.topics, c.pointee.n_topics) = arena.copy(topics)
        (c.pointee.brokers, c.pointee.n_brokers) = arena.copy(brokers)
        c.pointee.controller_id = controllerID
        c.pointee.metadata_revision = metadataRevision
    }
}

extension BrokerNode: CTwin {
    package typealias C = Martlet__V1__BrokerNode
    package static var name: String { "BrokerNode" }
    package static var unpack: Unpack<C> { martlet__v1__broker_node__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        id = c.pointee.id
        host = Self.array(c.pointee.host)
        port = c.pointee.port
        rack = Self.array(c.pointee.rack)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__broker_node__init(c)
        c.pointee.id = id
        c.pointee.host = arena.copy(host)
        c.pointee.port = port
        c.pointee.rack = arena.copy(rack)
    }
}

extension TopicDescription: CTwin {
    package typealias C = Martlet__V1__TopicDescription
    package static var name: String { "TopicDescription" }
    package static var unpack: Unpack<C> { martlet__v1__topic_description__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        topicID = Self.array(c.pointee.topic_id)
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        isInternal = c.pointee.is_internal != 0
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
        settings = try Self.messages(c.pointee.settings, c.pointee.n_settings)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__topic_description__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.is_internal = isInternal ? 1 : 0
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
        (c.pointee.settings, c.pointee.n_settings) = arena.copy(settings)
    }
}

extension PartitionDescription: CTwin {
    package typealias C = Martlet__V1__PartitionDescription
    package static var name: String { "PartitionDescription" }
    package static var unpack: Unpack<C> { martlet__v1__partition_description__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partition = c.pointee.partition
        leaderID = c.pointee.leader_id
        leaderEpoch = c.pointee.leader_epoch
        replicas = Self.numbers(c.pointee.replicas, c.pointee.n_replicas)
        inSyncReplicas = Self.numbers(c.pointee.in_sync_replicas, c.pointee.n_in_sync_replicas)
        logStartOffset = c.pointee.log_start_offset
        highWatermark = c.pointee.high_watermark
        logEndOffset = c.pointee.log_end_offset
        sizeBytes = c.pointee.size_bytes
        offlineReason = Self.array(c.pointee.offline_reason)
        targetReplicas = Self.numbers(c.pointee.target_replicas, c.pointee.n_target_replicas)
        lastUncleanEpoch = c.pointee.last_unclean_epoch
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_description__init(c)
        c.pointee.partition = partition
        c.pointee.leader_id = leaderID
        c.pointee.leader_epoch = leaderEpoch
        (c.pointee.replicas, c.pointee.n_replicas) = arena.copy(replicas)
        (c.pointee.in_sync_replicas, c.pointee.n_in_sync_replicas) = arena.copy(inSyncReplicas)
        c.pointee.log_start_offset = logStartOffset
        c.pointee.high_watermark = highWatermark
        c.pointee.log_end_offset = logEndOffset
        c.pointee.size_bytes = sizeBytes
        c.pointee.offline_reason = arena.copy(offlineReason)
        (c.pointee.target_replicas, c.pointee.n_target_replicas) = arena.copy(targetReplicas)
        c.pointee.last_unclean_epoch = lastUncleanEpoch
    }
}

extension SettingDescription: CTwin {
    package typealias C = Martlet__V1__SettingDescription
    package static var name: String { "SettingDescription" }
    package static var unpack: Unpack<C> { martlet__v1__setting_description__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        value = Self.array(c.pointee.value)
        isDefault = c.pointee.is_default != 0
        documentation = Self.array(c.pointee.documentation)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__setting_description__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.value = arena.copy(value)
        c.pointee.is_default = isDefault ? 1 : 0
        c.pointee.documentation = arena.copy(documentation)
    }
}

extension AlterTopicRequest: CTwin {
    package typealias C = Martlet__V1__AlterTopicRequest
    package static var name: String { "AlterTopicRequest" }
    package static var unpack: Unpack<C> { martlet__v1__alter_topic_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = Self.array(c.pointee.name)
        set = try Self.messages(c.pointee.set, c.pointee.n_set)
        reset = Self.arrays(c.pointee.reset, c.pointee.n_reset)
        partitions = c.pointee.partitions
        validateOnly = c.pointee.validate_only != 0
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_topic_request__init(c)
        c.pointee.name = arena.copy(name)
        (c.pointee.set, c.pointee.n_set) = arena.copy(set)
        (c.pointee.reset, c.pointee.n_reset) = arena.copy(reset)
        c.pointee.partitions = partitions
        c.pointee.validate_only = validateOnly ? 1 : 0
    }
}

extension AlterTopicResponse: CTwin {
    package typealias C = Martlet__V1__AlterTopicResponse
    package static var name: String { "AlterTopicResponse" }
    package static var unpack: Unpack<C> { martlet__v1__alter_topic_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = try Self.message(c.pointee.topic)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__alter_topic_response__init(c)
        c.pointee.topic = arena.copy(topic)
    }
}

extension DeleteRecordsRequest: CTwin {
    package typealias C = Martlet__V1__DeleteRecordsRequest
    package static var name: String { "DeleteRecordsRequest" }
    package static var unpack: Unpack<C> { martlet__v1__delete_records_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_records_request__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension DeleteRecordsPartition: CTwin {
    package typealias C = Martlet__V1__DeleteRecordsPartition
    package static var name: String { "DeleteRecordsPartition" }
    package static var unpack: Unpack<C> { martlet__v1__delete_records_partition__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topicID = Self.array(c.pointee.topic_id)
        partition = c.pointee.partition
        beforeOffset = c.pointee.before_offset
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_records_partition__init(c)
        c.pointee.topic_id = arena.copy(topicID)
        c.pointee.partition = partition
        c.pointee.before_offset = beforeOffset
    }
}

extension DeleteRecordsResponse: CTwin {
    package typealias C = Martlet__V1__DeleteRecordsResponse
    package static var name: String { "DeleteRecordsResponse" }
    package static var unpack: Unpack<C> { martlet__v1__delete_records_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        partitions = try Self.messages(c.pointee.partitions, c.pointee.n_partitions)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_records_response__init(c)
        (c.pointee.partitions, c.pointee.n_partitions) = arena.copy(partitions)
    }
}

extension DeleteRecordsPartitionResult: CTwin {
    package typealias C = Martlet__V1__DeleteRecordsPartitionResult
    package static var name: String { "DeleteRecordsPartitionResult" }
    package static var unpack: Unpack<C> { martlet__v1__delete_records_partition_result__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
        logStartOffset = c.pointee.log_start_offset
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__delete_records_partition_result__init(c)
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
        c.pointee.log_start_offset = logStartOffset
    }
}
