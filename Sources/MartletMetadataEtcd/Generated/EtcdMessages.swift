// Written by proto/generate from proto/etcd/etcd.proto; edit that instead.

package import MartletProtocol
package import NIOCore

/// Stands in every response.
package struct ResponseHeader: WireMessage {
    package var clusterID: UInt64 = 0
    package var memberID: UInt64 = 0
    /// The store's revision when the request was answered.
    package var revision: Int64 = 0
    package var raftTerm: UInt64 = 0

    package init() {}

    package init(clusterID: UInt64 = 0, memberID: UInt64 = 0, revision: Int64 = 0, raftTerm: UInt64 = 0) {
        self.clusterID = clusterID
        self.memberID = memberID
        self.revision = revision
        self.raftTerm = raftTerm
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// A key, and what was written last.
package struct KeyValue: WireMessage {
    package var key: [UInt8] = []
    /// The revision at which the key was made.
    package var createRevision: Int64 = 0
    /// The revision at which the key was written last.
    package var modRevision: Int64 = 0
    /// Counts the writes since the key was made, from 1.
    package var version: Int64 = 0
    package var value: [UInt8] = []
    /// The lease that the key goes with; 0 for none.
    package var lease: Int64 = 0

    package init() {}

    package init(
        key: [UInt8] = [], createRevision: Int64 = 0, modRevision: Int64 = 0, version: Int64 = 0, value: [UInt8] = [],
        lease: Int64 = 0
    ) {
        self.key = key
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.version = version
        self.value = value
        self.lease = lease
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// Reads the keys from `key` up to but without `range_end`; without a range_end, `key` alone.
package struct RangeRequest: WireMessage {
    package var key: [UInt8] = []
    package var rangeEnd: [UInt8] = []
    /// At most so many keys; 0 for all.
    package var limit: Int64 = 0
    /// As they were at this revision; 0 for now.
    package var revision: Int64 = 0
    /// Any member may answer from what it has. Else the read is linearizable.
    package var serializable: Bool = false
    /// The values are not wanted.
    package var keysOnly: Bool = false
    /// Only the number of keys is wanted.
    package var countOnly: Bool = false
    /// Only keys that were written at this revision or later.
    package var minModRevision: Int64 = 0

    package init() {}

    package init(
        key: [UInt8] = [], rangeEnd: [UInt8] = [], limit: Int64 = 0, revision: Int64 = 0, serializable: Bool = false,
        keysOnly: Bool = false, countOnly: Bool = false, minModRevision: Int64 = 0
    ) {
        self.key = key
        self.rangeEnd = rangeEnd
        self.limit = limit
        self.revision = revision
        self.serializable = serializable
        self.keysOnly = keysOnly
        self.countOnly = countOnly
        self.minModRevision = minModRevision
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct RangeResponse: WireMessage {
    package var header: ResponseHeader?
    /// In the order of their keys.
    package var kvs: [KeyValue] = []
    /// There are more keys than the limit allowed.
    package var more: Bool = false
    /// How many keys lie in the range, whatever the limit and the filters.
    package var count: Int64 = 0

    package init() {}

    package init(header: ResponseHeader? = nil, kvs: [KeyValue] = [], more: Bool = false, count: Int64 = 0) {
        self.header = header
        self.kvs = kvs
        self.more = more
        self.count = count
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PutRequest: WireMessage {
    package var key: [UInt8] = []
    package var value: [UInt8] = []
    package var lease: Int64 = 0

    package init() {}

    package init(key: [UInt8] = [], value: [UInt8] = [], lease: Int64 = 0) {
        self.key = key
        self.value = value
        self.lease = lease
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct PutResponse: WireMessage {
    package var header: ResponseHeader?

    package init() {}

    package init(header: ResponseHeader? = nil) {
        self.header = header
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteRangeRequest: WireMessage {
    package var key: [UInt8] = []
    package var rangeEnd: [UInt8] = []

    package init() {}

    package init(key: [UInt8] = [], rangeEnd: [UInt8] = []) {
        self.key = key
        self.rangeEnd = rangeEnd
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct DeleteRangeResponse: WireMessage {
    package var header: ResponseHeader?
    /// How many keys were there to delete.
    package var deleted: Int64 = 0

    package init() {}

    package init(header: ResponseHeader? = nil, deleted: Int64 = 0) {
        self.header = header
        self.deleted = deleted
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct RequestOp: WireMessage {
    package var request: Request?

    package enum Request: Sendable, Equatable {
        case requestRange(RangeRequest)
        case requestPut(PutRequest)
        case requestDeleteRange(DeleteRangeRequest)
    }

    package init() {}

    package init(request: Request? = nil) {
        self.request = request
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct ResponseOp: WireMessage {
    package var response: Response?

    package enum Response: Sendable, Equatable {
        case responseRange(RangeResponse)
        case responsePut(PutResponse)
        case responseDeleteRange(DeleteRangeResponse)
    }

    package init() {}

    package init(response: Response? = nil) {
        self.response = response
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// A condition on a key.
package struct Compare: WireMessage {
    /// 0 equal, 1 greater, 2 less, 3 not equal.
    package var result: UInt32 = 0
    /// 0 version, 1 create revision, 2 mod revision, 3 value, 4 lease.
    package var target: UInt32 = 0
    package var key: [UInt8] = []
    package var modRevision: Int64 = 0

    package init() {}

    package init(result: UInt32 = 0, target: UInt32 = 0, key: [UInt8] = [], modRevision: Int64 = 0) {
        self.result = result
        self.target = target
        self.key = key
        self.modRevision = modRevision
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// Does `success` when every condition holds, else `failure`; whole, at one revision.
package struct TxnRequest: WireMessage {
    package var compare: [Compare] = []
    package var success: [RequestOp] = []
    package var failure: [RequestOp] = []

    package init() {}

    package init(compare: [Compare] = [], success: [RequestOp] = [], failure: [RequestOp] = []) {
        self.compare = compare
        self.success = success
        self.failure = failure
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct TxnResponse: WireMessage {
    package var header: ResponseHeader?
    package var succeeded: Bool = false
    /// One for each operation that was done, in order.
    package var responses: [ResponseOp] = []

    package init() {}

    package init(header: ResponseHeader? = nil, succeeded: Bool = false, responses: [ResponseOp] = []) {
        self.header = header
        self.succeeded = succeeded
        self.responses = responses
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// Forgets what was overwritten or deleted before `revision`.
package struct CompactionRequest: WireMessage {
    package var revision: Int64 = 0

    package init() {}

    package init(revision: Int64 = 0) {
        self.revision = revision
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct CompactionResponse: WireMessage {
    package var header: ResponseHeader?

    package init() {}

    package init(header: ResponseHeader? = nil) {
        self.header = header
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct WatchRequest: WireMessage {
    package var requestUnion: RequestUnion?

    package enum RequestUnion: Sendable, Equatable {
        case createRequest(WatchCreateRequest)
        case cancelRequest(WatchCancelRequest)
    }

    package init() {}

    package init(requestUnion: RequestUnion? = nil) {
        self.requestUnion = requestUnion
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct WatchCreateRequest: WireMessage {
    package var key: [UInt8] = []
    package var rangeEnd: [UInt8] = []
    /// The first revision whose events are wanted.
    package var startRevision: Int64 = 0

    package init() {}

    package init(key: [UInt8] = [], rangeEnd: [UInt8] = [], startRevision: Int64 = 0) {
        self.key = key
        self.rangeEnd = rangeEnd
        self.startRevision = startRevision
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct WatchCancelRequest: WireMessage {
    package var watchID: Int64 = 0

    package init() {}

    package init(watchID: Int64 = 0) {
        self.watchID = watchID
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct WatchResponse: WireMessage {
    package var header: ResponseHeader?
    package var watchID: Int64 = 0
    /// The answer to a create request: no events in it.
    package var created: Bool = false
    /// The watch is over.
    package var canceled: Bool = false
    /// Not 0: the watch is over, for what it would begin at is forgotten; this is the oldest revision that is kept.
    package var compactRevision: Int64 = 0
    /// For a person: why it was canceled.
    package var cancelReason: String = ""
    /// In the order of their revisions; the events of one revision stand in one response.
    package var events: [Event] = []

    package init() {}

    package init(
        header: ResponseHeader? = nil, watchID: Int64 = 0, created: Bool = false, canceled: Bool = false,
        compactRevision: Int64 = 0, cancelReason: String = "", events: [Event] = []
    ) {
        self.header = header
        self.watchID = watchID
        self.created = created
        self.canceled = canceled
        self.compactRevision = compactRevision
        self.cancelReason = cancelReason
        self.events = events
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct Event: WireMessage {
    /// 0 put, 1 delete.
    package var type: UInt32 = 0
    /// Of a deleted key only the key and the revision of its deletion.
    package var kv: KeyValue?

    package init() {}

    package init(type: UInt32 = 0, kv: KeyValue? = nil) {
        self.type = type
        self.kv = kv
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct LeaseGrantRequest: WireMessage {
    /// In seconds.
    package var ttl: Int64 = 0
    /// 0: the server chooses.
    package var id: Int64 = 0

    package init() {}

    package init(ttl: Int64 = 0, id: Int64 = 0) {
        self.ttl = ttl
        self.id = id
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct LeaseGrantResponse: WireMessage {
    package var header: ResponseHeader?
    package var id: Int64 = 0
    /// In seconds; may be longer than what was asked for.
    package var ttl: Int64 = 0
    package var error: String = ""

    package init() {}

    package init(header: ResponseHeader? = nil, id: Int64 = 0, ttl: Int64 = 0, error: String = "") {
        self.header = header
        self.id = id
        self.ttl = ttl
        self.error = error
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// Ends a lease; the keys that go with it are deleted.
package struct LeaseRevokeRequest: WireMessage {
    package var id: Int64 = 0

    package init() {}

    package init(id: Int64 = 0) {
        self.id = id
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct LeaseRevokeResponse: WireMessage {
    package var header: ResponseHeader?

    package init() {}

    package init(header: ResponseHeader? = nil) {
        self.header = header
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct LeaseKeepAliveRequest: WireMessage {
    package var id: Int64 = 0

    package init() {}

    package init(id: Int64 = 0) {
        self.id = id
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct LeaseKeepAliveResponse: WireMessage {
    package var header: ResponseHeader?
    package var id: Int64 = 0
    /// In seconds, from now; 0: the lease is gone.
    package var ttl: Int64 = 0

    package init() {}

    package init(header: ResponseHeader? = nil, id: Int64 = 0, ttl: Int64 = 0) {
        self.header = header
        self.id = id
        self.ttl = ttl
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AuthenticateRequest: WireMessage {
    package var name: String = ""
    package var password: String = ""

    package init() {}

    package init(name: String = "", password: String = "") {
        self.name = name
        self.password = password
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AuthenticateResponse: WireMessage {
    package var header: ResponseHeader?
    /// Sent with later calls as their metadata `token`.
    package var token: String = ""

    package init() {}

    package init(header: ResponseHeader? = nil, token: String = "") {
        self.header = header
        self.token = token
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct StatusRequest: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// How the member that answers is.
package struct StatusResponse: WireMessage {
    package var header: ResponseHeader?
    package var version: String = ""
    /// Of the member's file, in bytes.
    package var dbSize: Int64 = 0
    /// The member that leads; 0 for none.
    package var leader: UInt64 = 0
    package var raftIndex: UInt64 = 0
    package var raftTerm: UInt64 = 0
    package var errors: [String] = []
    /// What of the file is in use, in bytes.
    package var dbSizeInUse: Int64 = 0

    package init() {}

    package init(
        header: ResponseHeader? = nil, version: String = "", dbSize: Int64 = 0, leader: UInt64 = 0,
        raftIndex: UInt64 = 0, raftTerm: UInt64 = 0, errors: [String] = [], dbSizeInUse: Int64 = 0
    ) {
        self.header = header
        self.version = version
        self.dbSize = dbSize
        self.leader = leader
        self.raftIndex = raftIndex
        self.raftTerm = raftTerm
        self.errors = errors
        self.dbSizeInUse = dbSizeInUse
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlarmRequest: WireMessage {
    /// 0 get, 1 activate, 2 deactivate.
    package var action: UInt32 = 0
    /// 0 for all members.
    package var memberID: UInt64 = 0
    /// 0 for all, 1 no space, 2 corrupt.
    package var alarm: UInt32 = 0

    package init() {}

    package init(action: UInt32 = 0, memberID: UInt64 = 0, alarm: UInt32 = 0) {
        self.action = action
        self.memberID = memberID
        self.alarm = alarm
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlarmResponse: WireMessage {
    package var header: ResponseHeader?
    package var alarms: [AlarmMember] = []

    package init() {}

    package init(header: ResponseHeader? = nil, alarms: [AlarmMember] = []) {
        self.header = header
        self.alarms = alarms
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

package struct AlarmMember: WireMessage {
    package var memberID: UInt64 = 0
    /// 1 no space, 2 corrupt.
    package var alarm: UInt32 = 0

    package init() {}

    package init(memberID: UInt64 = 0, alarm: UInt32 = 0) {
        self.memberID = memberID
        self.alarm = alarm
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
