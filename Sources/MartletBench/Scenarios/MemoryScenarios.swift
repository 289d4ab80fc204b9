internal import MartletRPC
internal import NIOCore
internal import NIOPosix

/// A broker that does nothing.
struct IdleMemory: Scenario {
    var title: String { Figure.idleMemory.title }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withOwnBroker { _, process in
            try await Task.sleep(for: .seconds(1))
            return Outcome(samples: [Sample(.idleMemory, Double(try process.usage().anonymousBytes))])
        }
    }
}

/// Clients that are connected and do nothing.
struct IdleConnections: Scenario {
    static let connectionCount = 2000

    var title: String { Figure.connectionsMemory.title }

    func measure(at bench: Workbench) async throws -> Outcome {
        try OpenFileLimit.raise(toAtLeast: Self.connectionCount + 100)
        return try await bench.withOwnBroker { broker, process in
            let address = try HostAndPort(broker.address)
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            var connections: [RPCConnection] = []
            do {
                for index in 0..<Self.connectionCount {
                    connections.append(
                        try await RPCConnection.connect(host: address.host, port: address.port, group: group))
                    bench.progress.show(fraction: Double(index) / Double(Self.connectionCount))
                }
                try await Task.sleep(for: .seconds(1))
                let bytes = try process.usage().anonymousBytes
                try await Self.close(connections, group)
                return Outcome(samples: [Sample(.connectionsMemory, Double(bytes))])
            } catch {
                try? await Self.close(connections, group)
                throw error
            }
        }
    }

    private static func close(_ connections: [RPCConnection], _ group: MultiThreadedEventLoopGroup) async throws {
        connections.forEach { $0.close() }
        try await group.shutdownGracefully()
    }
}
