// Written by proto/generate from proto/martlet/v1/connection.proto; edit that instead.

package import CMartletProto

extension HelloRequest: CTwin {
    package typealias C = Martlet__V1__HelloRequest
    package static var name: String { "HelloRequest" }
    package static var unpack: Unpack<C> { martlet__v1__hello_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        versionMin = c.pointee.version_min
        versionMax = c.pointee.version_max
        clientName = Self.array(c.pointee.client_name)
        clientVersion = try Self.text(c.pointee.client_version, field: "client_version")
        clusterID = try Self.text(c.pointee.cluster_id, field: "cluster_id")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__hello_request__init(c)
        c.pointee.version_min = versionMin
        c.pointee.version_max = versionMax
        c.pointee.client_name = arena.copy(clientName)
        c.pointee.client_version = arena.copy(clientVersion)
        c.pointee.cluster_id = arena.copy(clusterID)
    }
}

extension HelloResponse: CTwin {
    package typealias C = Martlet__V1__HelloResponse
    package static var name: String { "HelloResponse" }
    package static var unpack: Unpack<C> { martlet__v1__hello_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        version = c.pointee.version
        brokerVersion = try Self.text(c.pointee.broker_version, field: "broker_version")
        clusterID = try Self.text(c.pointee.cluster_id, field: "cluster_id")
        brokerID = c.pointee.broker_id
        features = try Self.texts(c.pointee.features, c.pointee.n_features, field: "features")
        limits = try Self.message(c.pointee.limits)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__hello_response__init(c)
        c.pointee.version = version
        c.pointee.broker_version = arena.copy(brokerVersion)
        c.pointee.cluster_id = arena.copy(clusterID)
        c.pointee.broker_id = brokerID
        (c.pointee.features, c.pointee.n_features) = arena.copy(features)
        c.pointee.limits = arena.copy(limits)
    }
}

extension BrokerLimits: CTwin {
    package typealias C = Martlet__V1__BrokerLimits
    package static var name: String { "BrokerLimits" }
    package static var unpack: Unpack<C> { martlet__v1__broker_limits__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        messageBytesMax = c.pointee.message_bytes_max
        attachmentBytesMax = c.pointee.attachment_bytes_max
        openCallsMax = c.pointee.open_calls_max
        partitionsPerRequestMax = c.pointee.partitions_per_request_max
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__broker_limits__init(c)
        c.pointee.message_bytes_max = messageBytesMax
        c.pointee.attachment_bytes_max = attachmentBytesMax
        c.pointee.open_calls_max = openCallsMax
        c.pointee.partitions_per_request_max = partitionsPerRequestMax
    }
}

extension PingRequest: CTwin {
    package typealias C = Martlet__V1__PingRequest
    package static var name: String { "PingRequest" }
    package static var unpack: Unpack<C> { martlet__v1__ping_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__ping_request__init(c)
    }
}

extension PingResponse: CTwin {
    package typealias C = Martlet__V1__PingResponse
    package static var name: String { "PingResponse" }
    package static var unpack: Unpack<C> { martlet__v1__ping_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__ping_response__init(c)
    }
}
