import MartletProtocol
import NIOCore

/// The versions of the contract that this code speaks.
package enum ProtocolVersion {
    package static let lowest: UInt32 = 1
    package static let highest: UInt32 = 1

    /// The highest version that both sides speak.
    static func agree(_ request: HelloRequest) -> UInt32? {
        let version = min(highest, request.versionMax)
        return version >= max(lowest, request.versionMin) ? version : nil
    }
}

/// Judges a Hello.
enum Hello {
    static func answer(_ request: HelloRequest, options: RPCServerOptions) -> Result<HelloResponse, RPCFailure> {
        guard let version = ProtocolVersion.agree(request) else {
            return .failure(
                RPCFailure(
                    .failedPrecondition,
                    """
                    the client speaks protocol versions \(request.versionMin) to \(request.versionMax), \
                    this broker \(ProtocolVersion.lowest) to \(ProtocolVersion.highest); update the older of the two
                    """))
        }
        let response = options.helloResponse(version: version)
        guard request.clusterID.isEmpty || request.clusterID == response.clusterID else {
            return .failure(
                RPCFailure(
                    .failedPrecondition,
                    """
                    this broker belongs to cluster \(response.clusterID), \
                    the client wants cluster \(request.clusterID); \
                    check the broker's address
                    """))
        }
        return .success(response)
    }
}

/// Answers Ping; Hello is the connection's own affair.
struct PingService: Sendable {
    static let table = ServiceTable(
        name: "Connection",
        methods: [
            "Ping": { message, _, context in
                let call = ServerCall<PingResponse>(context: context)
                do throws(WireError) {
                    _ = try PingRequest.decode(message)
                    call.reply(PingResponse())
                } catch {
                    call.fail(RPCFailure(.invalidArgument, error.description))
                }
            }
        ])
}
