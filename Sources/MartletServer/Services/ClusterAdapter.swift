internal import MartletBroker
internal import MartletProtocol
internal import NIOCore

/// How the broker is doing, for `martlet broker status`.
struct ClusterAdapter: ClusterService {
    let report: @Sendable () -> BrokerStatusResponse

    func brokerStatus(
        _ request: BrokerStatusRequest, attachment: ByteBuffer, call: ServerCall<BrokerStatusResponse>
    ) {
        call.answer { report() }
    }
}
