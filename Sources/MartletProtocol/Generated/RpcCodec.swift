// Written by proto/generate from proto/martlet/v1/rpc.proto; edit that instead.

package import CMartletProto

extension RpcMeta: CTwin {
    package typealias C = Martlet__V1__RpcMeta
    package static var name: String { "RpcMeta" }
    package static var unpack: Unpack<C> { martlet__v1__rpc_meta__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        callID = c.pointee.call_id
        attachmentBytes = c.pointee.attachment_bytes
        switch c.pointee.kind_case {
        case MARTLET__V1__RPC_META__KIND_REQUEST:
            kind = .request(try RpcRequest(c.pointee.request))
        case MARTLET__V1__RPC_META__KIND_RESPONSE:
            kind = .response(try RpcResponse(c.pointee.response))
        case MARTLET__V1__RPC_META__KIND_CANCEL:
            kind = .cancel(try RpcCancel(c.pointee.cancel))
        case MARTLET__V1__RPC_META__KIND_GO_AWAY:
            kind = .goAway(try RpcGoAway(c.pointee.go_away))
        default:
            kind = nil
        }
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__rpc_meta__init(c)
        c.pointee.call_id = callID
        c.pointee.attachment_bytes = attachmentBytes
        switch kind {
        case .request(let value):
            c.pointee.kind_case = MARTLET__V1__RPC_META__KIND_REQUEST
            c.pointee.request = arena.copy(value)
        case .response(let value):
            c.pointee.kind_case = MARTLET__V1__RPC_META__KIND_RESPONSE
            c.pointee.response = arena.copy(value)
        case .cancel(let value):
            c.pointee.kind_case = MARTLET__V1__RPC_META__KIND_CANCEL
            c.pointee.cancel = arena.copy(value)
        case .goAway(let value):
            c.pointee.kind_case = MARTLET__V1__RPC_META__KIND_GO_AWAY
            c.pointee.go_away = arena.copy(value)
        case nil:
            break
        }
    }
}

extension RpcHeader: CTwin {
    package typealias C = Martlet__V1__RpcHeader
    package static var name: String { "RpcHeader" }
    package static var unpack: Unpack<C> { martlet__v1__rpc_header__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        key = Self.array(c.pointee.key)
        value = Self.array(c.pointee.value)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__rpc_header__init(c)
        c.pointee.key = arena.copy(key)
        c.pointee.value = arena.copy(value)
    }
}

extension RpcRequest: CTwin {
    package typealias C = Martlet__V1__RpcRequest
    package static var name: String { "RpcRequest" }
    package static var unpack: Unpack<C> { martlet__v1__rpc_request__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        service = try Self.text(c.pointee.service, field: "service")
        method = try Self.text(c.pointee.method, field: "method")
        timeoutMs = c.pointee.timeout_ms
        oneWay = c.pointee.one_way != 0
        metadata = try Self.messages(c.pointee.metadata, c.pointee.n_metadata)
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__rpc_request__init(c)
        c.pointee.service = arena.copy(service)
        c.pointee.method = arena.copy(method)
        c.pointee.timeout_ms = timeoutMs
        c.pointee.one_way = oneWay ? 1 : 0
        (c.pointee.metadata, c.pointee.n_metadata) = arena.copy(metadata)
    }
}

extension RpcResponse: CTwin {
    package typealias C = Martlet__V1__RpcResponse
    package static var name: String { "RpcResponse" }
    package static var unpack: Unpack<C> { martlet__v1__rpc_response__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        status = c.pointee.status
        error = c.pointee.error
        message = try Self.text(c.pointee.message, field: "message")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__rpc_response__init(c)
        c.pointee.status = status
        c.pointee.error = error
        c.pointee.message = arena.copy(message)
    }
}

extension RpcCancel: CTwin {
    package typealias C = Martlet__V1__RpcCancel
    package static var name: String { "RpcCancel" }
    package static var unpack: Unpack<C> { martlet__v1__rpc_cancel__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {}

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__rpc_cancel__init(c)
    }
}

extension RpcGoAway: CTwin {
    package typealias C = Martlet__V1__RpcGoAway
    package static var name: String { "RpcGoAway" }
    package static var unpack: Unpack<C> { martlet__v1__rpc_go_away__unpack }

    package init(_ c: UnsafePointer<C>) throws(WireError) {
        reason = try Self.text(c.pointee.reason, field: "reason")
    }

    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {
        martlet__v1__rpc_go_away__init(c)
        c.pointee.reason = arena.copy(reason)
    }
}
