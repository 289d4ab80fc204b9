// Written by proto/generate from proto/martlet/v1/cluster.proto; edit that instead.

package import CMartletProto

extension BrokerStatusRequest: CTwin {
    package typealias C = Martlet__V1__BrokerStatusRequest
    package static var name: String { "BrokerStatusRequest" }
    package static var unpack: Unpack<C> { martlet__v1__broker_status_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__broker_status_request__init(c)
    }
}

extension BrokerStatusResponse: CTwin {
    package typealias C = Martlet__V1__BrokerStatusResponse
    package static var name: String { "BrokerStatusResponse" }
    package static var unpack: Unpack<C> { martlet__v1__broker_status_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        brokerID = c.pointee.broker_id
        clusterID = try Self.text(c.pointee.cluster_id, field: "cluster_id")
        brokerVersion = try Self.text(c.pointee.broker_version, field: "broker_version")
        host = Self.array(c.pointee.host)
        port = c.pointee.port
        uptimeMs = c.pointee.uptime_ms
        dataDirectory = Self.array(c.pointee.data_directory)
        diskUsedBytes = c.pointee.disk_used_bytes
        diskFreeBytes = c.pointee.disk_free_bytes
        topics = c.pointee.topics
        partitions = c.pointee.partitions
        connections = c.pointee.connections
        memoryBudgetBytes = c.pointee.memory_budget_bytes
        memoryReservedBytes = c.pointee.memory_reserved_bytes
        openFiles = c.pointee.open_files
        openFilesMax = c.pointee.open_files_max
        troubles = try Self.messages(c.pointee.troubles, c.pointee.n_troubles)
        partitionsRecovering = c.pointee.partitions_recovering
        diskFull = c.pointee.disk_full != 0
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__broker_status_response__init(c)
        c.pointee.broker_id = brokerID
        c.pointee.cluster_id = arena.copy(clusterID)
        c.pointee.broker_version = arena.copy(brokerVersion)
        c.pointee.host = arena.copy(host)
        c.pointee.port = port
        c.pointee.uptime_ms = uptimeMs
        c.pointee.data_directory = arena.copy(dataDirectory)
        c.pointee.disk_used_bytes = diskUsedBytes
        c.pointee.disk_free_bytes = diskFreeBytes
        c.pointee.topics = topics
        c.pointee.partitions = partitions
        c.pointee.connections = connections
        c.pointee.memory_budget_bytes = memoryBudgetBytes
        c.pointee.memory_reserved_bytes = memoryReservedBytes
        c.pointee.open_files = openFiles
        c.pointee.open_files_max = openFilesMax
        (c.pointee.troubles, c.pointee.n_troubles) = arena.copy(troubles)
        c.pointee.partitions_recovering = partitionsRecovering
        c.pointee.disk_full = diskFull ? 1 : 0
    }
}

extension PartitionTrouble: CTwin {
    package typealias C = Martlet__V1__PartitionTrouble
    package static var name: String { "PartitionTrouble" }
    package static var unpack: Unpack<C> { martlet__v1__partition_trouble__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        topic = Self.array(c.pointee.topic)
        partition = c.pointee.partition
        reason = Self.array(c.pointee.reason)
        isNote = c.pointee.is_note != 0
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__partition_trouble__init(c)
        c.pointee.topic = arena.copy(topic)
        c.pointee.partition = partition
        c.pointee.reason = arena.copy(reason)
        c.pointee.is_note = isNote ? 1 : 0
    }
}
