// Written by proto/generate from proto/martlet/v1/connection.proto; edit that instead.

package import NIOCore

package struct HelloRequest: WireMessage {
    /// The lowest protocol version that the client speaks. This contract is version 1.
    package var versionMin: UInt32 = 0
    /// The highest protocol version that the client speaks.
    package var versionMax: UInt32 = 0
    /// For people who read logs: "billing". UTF-8 by convention.
    package var clientName: [UInt8] = []
    /// For people: the version of the client library.
    package var clientVersion: String = ""
    /// Not empty: the client refuses any cluster but this one.
    package var clusterID: String = ""

    package init() {}

    package init(
        versionMin: UInt32 = 0, versionMax: UInt32 = 0, clientName: [UInt8] = [], clientVersion: String = "",
        clusterID: String = ""
    ) {
        self.versionMin = versionMin
        self.versionMax = versionMax
        self.clientName = clientName
        self.clientVersion = clientVersion
        self.clusterID = clusterID
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct HelloResponse: WireMessage {
    /// The version spoken from here on: the highest that both know.
    package var version: UInt32 = 0
    /// For people: the version of the broker's software.
    package var brokerVersion: String = ""
    /// The cluster's name for itself, made when it was created.
    package var clusterID: String = ""
    /// This broker within its cluster, from 0.
    package var brokerID: Int32 = 0
    /// What this broker can do beyond the contract's base, by name. Unknown names are ignored.
    package var features: [String] = []
    /// What this broker takes.
    package var limits: BrokerLimits?

    package init() {}

    package init(
        version: UInt32 = 0, brokerVersion: String = "", clusterID: String = "", brokerID: Int32 = 0,
        features: [String] = [], limits: BrokerLimits? = nil
    ) {
        self.version = version
        self.brokerVersion = brokerVersion
        self.clusterID = clusterID
        self.brokerID = brokerID
        self.features = features
        self.limits = limits
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// What this broker takes; more is refused with an error that names the limit.
package struct BrokerLimits: WireMessage {
    /// The largest request message, in bytes, without its attachment.
    package var messageBytesMax: UInt32 = 0
    /// The largest attachment of a request, in bytes.
    package var attachmentBytesMax: UInt32 = 0
    /// Calls of this connection that may be open at once.
    package var openCallsMax: UInt32 = 0
    /// Partitions that one request may name.
    package var partitionsPerRequestMax: UInt32 = 0

    package init() {}

    package init(
        messageBytesMax: UInt32 = 0, attachmentBytesMax: UInt32 = 0, openCallsMax: UInt32 = 0,
        partitionsPerRequestMax: UInt32 = 0
    ) {
        self.messageBytesMax = messageBytesMax
        self.attachmentBytesMax = attachmentBytesMax
        self.openCallsMax = openCallsMax
        self.partitionsPerRequestMax = partitionsPerRequestMax
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PingRequest: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PingResponse: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
