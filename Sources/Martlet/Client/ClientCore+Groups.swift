internal import MartletCore
internal import MartletProtocol

extension ClientCore {
    /// The connection for control to the broker that coordinates a group now. Asks some broker, once.
    nonisolated(nonsending) func coordinator(of group: String) async throws(MartletError) -> BrokerLink {
        let address = try await withAnyBroker(patience: Self.lookupPatience) { (link) async throws(MartletError) in
            let response = try await link.call(
                GroupsClient.Method.findCoordinator, FindCoordinatorRequest(group: Array(group.utf8)),
                as: FindCoordinatorResponse.self)
            guard response.error == ErrorCode.none.rawValue else {
                throw MartletError(answer: response.error, message: response.message, broker: link.name)
            }
            return BrokerAddress(host: String(decoding: response.host, as: UTF8.self), port: Int(response.port))
        }
        return try await link(to: address, .control)
    }

    /// Runs `body` with a connection to the group's coordinator; tried again, at the coordinator there is then, over
    /// failures that may pass, until `operationTimeout`.
    nonisolated(nonsending) func atCoordinator<Value>(
        of group: String, _ what: String, _ body: (BrokerLink) async throws(MartletError) -> Value
    ) async throws(MartletError) -> Value {
        try await retrying(what) { () async throws(MartletError) in
            try await body(try await coordinator(of: group))
        }
    }
}
