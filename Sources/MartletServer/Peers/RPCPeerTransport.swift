package import MartletBroker
package import MartletMetadata
internal import MartletProtocol
internal import MartletRPC
package import NIOCore
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Reaches the other brokers of the cluster at their listeners. Any thread.
package final class RPCPeerTransport: PeerTransport {
    private let group: any EventLoopGroup
    private let brokerID: Int32
    private let clusterID: @Sendable () -> String
    private let budget = MemoryBudget(capacity: budgetBytes)
    private let mourner = Mutex<(@Sendable (PartitionLeader) -> Void)?>(nil)

    /// What answers of all peers may use while they are received.
    private static let budgetBytes = 128 << 20

    /// - Parameter clusterID: asked at each connection; empty as long as the broker belongs to no cluster. A broker of another
    /// cluster is refused.
    package init(group: any EventLoopGroup, brokerID: Int32, clusterID: @escaping @Sendable () -> String) {
        self.group = group
        self.brokerID = brokerID
        self.clusterID = clusterID
    }

    /// `report` is told which run of a broker seems to have ended: its connection broke, or it refuses one (RULES 21). Any thread.
    package func onDeath(_ report: @escaping @Sendable (PartitionLeader) -> Void) {
        mourner.withLock { $0 = report }
    }

    package func peer(_ address: PeerAddress) -> any Peer {
        RPCPeer(address: address, options: options(connectTimeout: Self.connectTimeout), loop: group.next()) {
            [weak self] run in
            self?.mourner.withLock { $0 }?(run)
        }
    }

    /// A peer that does not answer this long is down, or as good as down.
    private static let connectTimeout = TimeAmount.seconds(2)

    private func options(connectTimeout: TimeAmount) -> RPCConnectionOptions {
        var options = RPCConnectionOptions(
            clientName: "broker \(brokerID)", clientVersion: Version.current, clusterID: clusterID(), budget: budget)
        options.connectTimeout = connectTimeout
        return options
    }

    package func dial(_ address: PeerAddress, timeout: Duration) async -> DialOutcome {
        let timeout = TimeAmount(timeout)
        do {
            let channel = try await ClientBootstrap(group: group)
                .connectTimeout(timeout)
                .connect(host: address.host, port: Int(address.port)).get()
            channel.close(promise: nil)
        } catch {
            return Self.isRefusal(error) ? .refused : .noAnswer
        }
        return await answersHello(address, within: timeout) ? .accepted : .noAnswer
    }

    /// Whether a process says anything there. The kernel of a host takes connections for one that is stopped, too.
    private func answersHello(_ address: PeerAddress, within timeout: TimeAmount) async -> Bool {
        do throws(RPCFailure) {
            try await RPCConnection.connect(
                host: address.host, port: Int(address.port), options: options(connectTimeout: timeout), group: group
            ).close()
            return true
        } catch {
            switch error.status {
            case .unavailable, .deadlineExceeded: return false
            // An answer, though no welcome.
            default: return true
            }
        }
    }

    /// Every address of the host answered that nobody listens there.
    private static func isRefusal(_ error: any Error) -> Bool {
        if let error = error as? IOError { return error.errnoCode == ECONNREFUSED }
        guard let error = error as? NIOConnectionError, !error.connectionErrors.isEmpty else { return false }
        return error.connectionErrors.allSatisfy { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }
    }
}
