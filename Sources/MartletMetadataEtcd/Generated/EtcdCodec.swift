// Written by proto/generate from proto/etcd/etcd.proto; edit that instead.

package import CMartletEtcdProto
package import MartletProtocol

extension ResponseHeader: CTwin {
    package typealias C = Etcdserverpb__ResponseHeader
    package static var name: String { "ResponseHeader" }
    package static var unpack: Unpack<C> { etcdserverpb__response_header__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        clusterID = c.pointee.cluster_id
        memberID = c.pointee.member_id
        revision = c.pointee.revision
        raftTerm = c.pointee.raft_term
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__response_header__init(c)
        c.pointee.cluster_id = clusterID
        c.pointee.member_id = memberID
        c.pointee.revision = revision
        c.pointee.raft_term = raftTerm
    }
}

extension KeyValue: CTwin {
    package typealias C = Etcdserverpb__KeyValue
    package static var name: String { "KeyValue" }
    package static var unpack: Unpack<C> { etcdserverpb__key_value__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        key = Self.array(c.pointee.key)
        createRevision = c.pointee.create_revision
        modRevision = c.pointee.mod_revision
        version = c.pointee.version
        value = Self.array(c.pointee.value)
        lease = c.pointee.lease
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__key_value__init(c)
        c.pointee.key = arena.copy(key)
        c.pointee.create_revision = createRevision
        c.pointee.mod_revision = modRevision
        c.pointee.version = version
        c.pointee.value = arena.copy(value)
        c.pointee.lease = lease
    }
}

extension RangeRequest: CTwin {
    package typealias C = Etcdserverpb__RangeRequest
    package static var name: String { "RangeRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__range_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        key = Self.array(c.pointee.key)
        rangeEnd = Self.array(c.pointee.range_end)
        limit = c.pointee.limit
        revision = c.pointee.revision
        serializable = c.pointee.serializable != 0
        keysOnly = c.pointee.keys_only != 0
        countOnly = c.pointee.count_only != 0
        minModRevision = c.pointee.min_mod_revision
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__range_request__init(c)
        c.pointee.key = arena.copy(key)
        c.pointee.range_end = arena.copy(rangeEnd)
        c.pointee.limit = limit
        c.pointee.revision = revision
        c.pointee.serializable = serializable ? 1 : 0
        c.pointee.keys_only = keysOnly ? 1 : 0
        c.pointee.count_only = countOnly ? 1 : 0
        c.pointee.min_mod_revision = minModRevision
    }
}

extension RangeResponse: CTwin {
    package typealias C = Etcdserverpb__RangeResponse
    package static var name: String { "RangeResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__range_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        kvs = try Self.messages(c.pointee.kvs, c.pointee.n_kvs)
        more = c.pointee.more != 0
        count = c.pointee.count
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__range_response__init(c)
        c.pointee.header = arena.copy(header)
        (c.pointee.kvs, c.pointee.n_kvs) = arena.copy(kvs)
        c.pointee.more = more ? 1 : 0
        c.pointee.count = count
    }
}

extension PutRequest: CTwin {
    package typealias C = Etcdserverpb__PutRequest
    package static var name: String { "PutRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__put_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        key = Self.array(c.pointee.key)
        value = Self.array(c.pointee.value)
        lease = c.pointee.lease
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__put_request__init(c)
        c.pointee.key = arena.copy(key)
        c.pointee.value = arena.copy(value)
        c.pointee.lease = lease
    }
}

extension PutResponse: CTwin {
    package typealias C = Etcdserverpb__PutResponse
    package static var name: String { "PutResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__put_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__put_response__init(c)
        c.pointee.header = arena.copy(header)
    }
}

extension DeleteRangeRequest: CTwin {
    package typealias C = Etcdserverpb__DeleteRangeRequest
    package static var name: String { "DeleteRangeRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__delete_range_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        key = Self.array(c.pointee.key)
        rangeEnd = Self.array(c.pointee.range_end)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__delete_range_request__init(c)
        c.pointee.key = arena.copy(key)
        c.pointee.range_end = arena.copy(rangeEnd)
    }
}

extension DeleteRangeResponse: CTwin {
    package typealias C = Etcdserverpb__DeleteRangeResponse
    package static var name: String { "DeleteRangeResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__delete_range_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        deleted = c.pointee.deleted
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__delete_range_response__init(c)
        c.pointee.header = arena.copy(header)
        c.pointee.deleted = deleted
    }
}

extension RequestOp: CTwin {
    package typealias C = Etcdserverpb__RequestOp
    package static var name: String { "RequestOp" }
    package static var unpack: Unpack<C> { etcdserverpb__request_op__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        switch c.pointee.request_case {
        case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_RANGE:
            request = .requestRange(try RangeRequest(c.pointee.request_range))
        case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT:
            request = .requestPut(try PutRequest(c.pointee.request_put))
        case ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_DELETE_RANGE:
            request = .requestDeleteRange(try DeleteRangeRequest(c.pointee.request_delete_range))
        default:
            request = nil
        }
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__request_op__init(c)
        switch request {
        case .requestRange(let value):
            c.pointee.request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_RANGE
            c.pointee.request_range = arena.copy(value)
        case .requestPut(let value):
            c.pointee.request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_PUT
            c.pointee.request_put = arena.copy(value)
        case .requestDeleteRange(let value):
            c.pointee.request_case = ETCDSERVERPB__REQUEST_OP__REQUEST_REQUEST_DELETE_RANGE
            c.pointee.request_delete_range = arena.copy(value)
        case nil:
            break
        }
    }
}

extension ResponseOp: CTwin {
    package typealias C = Etcdserverpb__ResponseOp
    package static var name: String { "ResponseOp" }
    package static var unpack: Unpack<C> { etcdserverpb__response_op__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        switch c.pointee.response_case {
        case ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_RANGE:
            response = .responseRange(try RangeResponse(c.pointee.response_range))
        case ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_PUT:
            response = .responsePut(try PutResponse(c.pointee.response_put))
        case ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_DELETE_RANGE:
            response = .responseDeleteRange(try DeleteRangeResponse(c.pointee.response_delete_range))
        default:
            response = nil
        }
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__response_op__init(c)
        switch response {
        case .responseRange(let value):
            c.pointee.response_case = ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_RANGE
            c.pointee.response_range = arena.copy(value)
        case .responsePut(let value):
            c.pointee.response_case = ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_PUT
            c.pointee.response_put = arena.copy(value)
        case .responseDeleteRange(let value):
            c.pointee.response_case = ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_DELETE_RANGE
            c.pointee.response_delete_range = arena.copy(value)
        case nil:
            break
        }
    }
}

extension Compare: CTwin {
    package typealias C = Etcdserverpb__Compare
    package static var name: String { "Compare" }
    package static var unpack: Unpack<C> { etcdserverpb__compare__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        result = c.pointee.result
        target = c.pointee.target
        key = Self.array(c.pointee.key)
        modRevision = c.pointee.mod_revision
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__compare__init(c)
        c.pointee.result = result
        c.pointee.target = target
        c.pointee.key = arena.copy(key)
        c.pointee.mod_revision = modRevision
    }
}

extension TxnRequest: CTwin {
    package typealias C = Etcdserverpb__TxnRequest
    package static var name: String { "TxnRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__txn_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        compare = try Self.messages(c.pointee.compare, c.pointee.n_compare)
        success = try Self.messages(c.pointee.success, c.pointee.n_success)
        failure = try Self.messages(c.pointee.failure, c.pointee.n_failure)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__txn_request__init(c)
        (c.pointee.compare, c.pointee.n_compare) = arena.copy(compare)
        (c.pointee.success, c.pointee.n_success) = arena.copy(success)
        (c.pointee.failure, c.pointee.n_failure) = arena.copy(failure)
    }
}

extension TxnResponse: CTwin {
    package typealias C = Etcdserverpb__TxnResponse
    package static var name: String { "TxnResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__txn_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        succeeded = c.pointee.succeeded != 0
        responses = try Self.messages(c.pointee.responses, c.pointee.n_responses)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__txn_response__init(c)
        c.pointee.header = arena.copy(header)
        c.pointee.succeeded = succeeded ? 1 : 0
        (c.pointee.responses, c.pointee.n_responses) = arena.copy(responses)
    }
}

extension CompactionRequest: CTwin {
    package typealias C = Etcdserverpb__CompactionRequest
    package static var name: String { "CompactionRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__compaction_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        revision = c.pointee.revision
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__compaction_request__init(c)
        c.pointee.revision = revision
    }
}

extension CompactionResponse: CTwin {
    package typealias C = Etcdserverpb__CompactionResponse
    package static var name: String { "CompactionResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__compaction_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__compaction_response__init(c)
        c.pointee.header = arena.copy(header)
    }
}

extension WatchRequest: CTwin {
    package typealias C = Etcdserverpb__WatchRequest
    package static var name: String { "WatchRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__watch_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        switch c.pointee.request_union_case {
        case ETCDSERVERPB__WATCH_REQUEST__REQUEST_UNION_CREATE_REQUEST:
            requestUnion = .createRequest(try WatchCreateRequest(c.pointee.create_request))
        case ETCDSERVERPB__WATCH_REQUEST__REQUEST_UNION_CANCEL_REQUEST:
            requestUnion = .cancelRequest(try WatchCancelRequest(c.pointee.cancel_request))
        default:
            requestUnion = nil
        }
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__watch_request__init(c)
        switch requestUnion {
        case .createRequest(let value):
            c.pointee.request_union_case = ETCDSERVERPB__WATCH_REQUEST__REQUEST_UNION_CREATE_REQUEST
            c.pointee.create_request = arena.copy(value)
        case .cancelRequest(let value):
            c.pointee.request_union_case = ETCDSERVERPB__WATCH_REQUEST__REQUEST_UNION_CANCEL_REQUEST
            c.pointee.cancel_request = arena.copy(value)
        case nil:
            break
        }
    }
}

extension WatchCreateRequest: CTwin {
    package typealias C = Etcdserverpb__WatchCreateRequest
    package static var name: String { "WatchCreateRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__watch_create_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        key = Self.array(c.pointee.key)
        rangeEnd = Self.array(c.pointee.range_end)
        startRevision = c.pointee.start_revision
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__watch_create_request__init(c)
        c.pointee.key = arena.copy(key)
        c.pointee.range_end = arena.copy(rangeEnd)
        c.pointee.start_revision = startRevision
    }
}

extension WatchCancelRequest: CTwin {
    package typealias C = Etcdserverpb__WatchCancelRequest
    package static var name: String { "WatchCancelRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__watch_cancel_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        watchID = c.pointee.watch_id
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__watch_cancel_request__init(c)
        c.pointee.watch_id = watchID
    }
}

extension WatchResponse: CTwin {
    package typealias C = Etcdserverpb__WatchResponse
    package static var name: String { "WatchResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__watch_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        watchID = c.pointee.watch_id
        created = c.pointee.created != 0
        canceled = c.pointee.canceled != 0
        compactRevision = c.pointee.compact_revision
        cancelReason = try Self.text(c.pointee.cancel_reason, field: "cancel_reason")
        events = try Self.messages(c.pointee.events, c.pointee.n_events)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__watch_response__init(c)
        c.pointee.header = arena.copy(header)
        c.pointee.watch_id = watchID
        c.pointee.created = created ? 1 : 0
        c.pointee.canceled = canceled ? 1 : 0
        c.pointee.compact_revision = compactRevision
        c.pointee.cancel_reason = arena.copy(cancelReason)
        (c.pointee.events, c.pointee.n_events) = arena.copy(events)
    }
}

extension Event: CTwin {
    package typealias C = Etcdserverpb__Event
    package static var name: String { "Event" }
    package static var unpack: Unpack<C> { etcdserverpb__event__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        type = c.pointee.type
        kv = try Self.message(c.pointee.kv)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__event__init(c)
        c.pointee.type = type
        c.pointee.kv = arena.copy(kv)
    }
}

extension LeaseGrantRequest: CTwin {
    package typealias C = Etcdserverpb__LeaseGrantRequest
    package static var name: String { "LeaseGrantRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__lease_grant_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        ttl = c.pointee.ttl
        id = c.pointee.id
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__lease_grant_request__init(c)
        c.pointee.ttl = ttl
        c.pointee.id = id
    }
}

extension LeaseGrantResponse: CTwin {
    package typealias C = Etcdserverpb__LeaseGrantResponse
    package static var name: String { "LeaseGrantResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__lease_grant_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        id = c.pointee.id
        ttl = c.pointee.ttl
        error = try Self.text(c.pointee.error, field: "error")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__lease_grant_response__init(c)
        c.pointee.header = arena.copy(header)
        c.pointee.id = id
        c.pointee.ttl = ttl
        c.pointee.error = arena.copy(error)
    }
}

extension LeaseRevokeRequest: CTwin {
    package typealias C = Etcdserverpb__LeaseRevokeRequest
    package static var name: String { "LeaseRevokeRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__lease_revoke_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        id = c.pointee.id
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__lease_revoke_request__init(c)
        c.pointee.id = id
    }
}

extension LeaseRevokeResponse: CTwin {
    package typealias C = Etcdserverpb__LeaseRevokeResponse
    package static var name: String { "LeaseRevokeResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__lease_revoke_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__lease_revoke_response__init(c)
        c.pointee.header = arena.copy(header)
    }
}

extension LeaseKeepAliveRequest: CTwin {
    package typealias C = Etcdserverpb__LeaseKeepAliveRequest
    package static var name: String { "LeaseKeepAliveRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__lease_keep_alive_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        id = c.pointee.id
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__lease_keep_alive_request__init(c)
        c.pointee.id = id
    }
}

extension LeaseKeepAliveResponse: CTwin {
    package typealias C = Etcdserverpb__LeaseKeepAliveResponse
    package static var name: String { "LeaseKeepAliveResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__lease_keep_alive_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        id = c.pointee.id
        ttl = c.pointee.ttl
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__lease_keep_alive_response__init(c)
        c.pointee.header = arena.copy(header)
        c.pointee.id = id
        c.pointee.ttl = ttl
    }
}

extension AuthenticateRequest: CTwin {
    package typealias C = Etcdserverpb__AuthenticateRequest
    package static var name: String { "AuthenticateRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__authenticate_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        name = try Self.text(c.pointee.name, field: "name")
        password = try Self.text(c.pointee.password, field: "password")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__authenticate_request__init(c)
        c.pointee.name = arena.copy(name)
        c.pointee.password = arena.copy(password)
    }
}

extension AuthenticateResponse: CTwin {
    package typealias C = Etcdserverpb__AuthenticateResponse
    package static var name: String { "AuthenticateResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__authenticate_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        token = try Self.text(c.pointee.token, field: "token")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__authenticate_response__init(c)
        c.pointee.header = arena.copy(header)
        c.pointee.token = arena.copy(token)
    }
}

extension StatusRequest: CTwin {
    package typealias C = Etcdserverpb__StatusRequest
    package static var name: String { "StatusRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__status_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__status_request__init(c)
    }
}

extension StatusResponse: CTwin {
    package typealias C = Etcdserverpb__StatusResponse
    package static var name: String { "StatusResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__status_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        version = try Self.text(c.pointee.version, field: "version")
        dbSize = c.pointee.db_size
        leader = c.pointee.leader
        raftIndex = c.pointee.raft_index
        raftTerm = c.pointee.raft_term
        errors = try Self.texts(c.pointee.errors, c.pointee.n_errors, field: "errors")
        dbSizeInUse = c.pointee.db_size_in_use
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__status_response__init(c)
        c.pointee.header = arena.copy(header)
        c.pointee.version = arena.copy(version)
        c.pointee.db_size = dbSize
        c.pointee.leader = leader
        c.pointee.raft_index = raftIndex
        c.pointee.raft_term = raftTerm
        (c.pointee.errors, c.pointee.n_errors) = arena.copy(errors)
        c.pointee.db_size_in_use = dbSizeInUse
    }
}

extension AlarmRequest: CTwin {
    package typealias C = Etcdserverpb__AlarmRequest
    package static var name: String { "AlarmRequest" }
    package static var unpack: Unpack<C> { etcdserverpb__alarm_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        action = c.pointee.action
        memberID = c.pointee.member_id
        alarm = c.pointee.alarm
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__alarm_request__init(c)
        c.pointee.action = action
        c.pointee.member_id = memberID
        c.pointee.alarm = alarm
    }
}

extension AlarmResponse: CTwin {
    package typealias C = Etcdserverpb__AlarmResponse
    package static var name: String { "AlarmResponse" }
    package static var unpack: Unpack<C> { etcdserverpb__alarm_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        header = try Self.message(c.pointee.header)
        alarms = try Self.messages(c.pointee.alarms, c.pointee.n_alarms)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__alarm_response__init(c)
        c.pointee.header = arena.copy(header)
        (c.pointee.alarms, c.pointee.n_alarms) = arena.copy(alarms)
    }
}

extension AlarmMember: CTwin {
    package typealias C = Etcdserverpb__AlarmMember
    package static var name: String { "AlarmMember" }
    package static var unpack: Unpack<C> { etcdserverpb__alarm_member__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        memberID = c.pointee.member_id
        alarm = c.pointee.alarm
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        etcdserverpb__alarm_member__init(c)
        c.pointee.member_id = memberID
        c.pointee.alarm = alarm
    }
}
