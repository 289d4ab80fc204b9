internal import Martlet
internal import MartletProtocol
internal import MartletRPC
internal import NIOCore
internal import NIOPosix

/// ``BareMember``s over a few connections, and a look at their group.
final class BareGroup: Sendable {
    static let name = "bench"
    /// Members over one connection: below its limit of open calls.
    private static let membersPerConnection = 100
    private static let settleTimeout = Duration.seconds(60)

    let topic: TestTopic.Identity
    private let connections: [RPCConnection]
    private let loops: MultiThreadedEventLoopGroup
    private let admin: Admin

    private init(
        topic: TestTopic.Identity, connections: [RPCConnection], loops: MultiThreadedEventLoopGroup, admin: Admin
    ) {
        self.topic = topic
        self.connections = connections
        self.loops = loops
        self.admin = admin
    }

    /// Runs `body` with connections for so many members of a new topic.
    static func with<Result>(
        members: Int, partitions: Int, on broker: BrokerUnderTest, _ body: (BareGroup) async throws -> Result
    ) async throws -> Result {
        let topic = try await TestTopic.createIdentified(on: broker, partitions: partitions)
        let address = try HostAndPort(broker.address)
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var connections: [RPCConnection] = []
        for _ in 0..<(members + membersPerConnection - 1) / membersPerConnection {
            connections.append(
                try await RPCConnection.connect(host: address.host, port: address.port, group: loops))
        }
        let group = BareGroup(
            topic: topic, connections: connections, loops: loops, admin: try Admin(try TestTopic.client(broker)))
        do {
            let result = try await body(group)
            try await group.close()
            return result
        } catch {
            try? await group.close()
            throw error
        }
    }

    private func close() async throws {
        admin.close()
        connections.forEach { $0.close() }
        try await loops.shutdownGracefully()
    }

    /// For calls without membership.
    var client: GroupsClient { GroupsClient(caller: connections[0]) }

    /// A member that is not there yet. `index`: which connection it shares.
    func member(_ id: String, index: Int) -> BareMember {
        BareMember(
            id, of: Self.name, topic: topic, over: GroupsClient(caller: connections[index % connections.count]))
    }

    /// Waits until these are the members, and each has, and knows that it has, what it is to have.
    func settle(_ members: [BareMember]) async throws {
        let start = ContinuousClock.now
        while true {
            let groups = try await admin.listGroups()
            let isStable = groups.contains {
                $0.name == Self.name && $0.state == .stable && $0.memberCount == members.count
            }
            var held = 0
            for member in members { held += await member.partitions.count }
            if isStable, held == topic.partitions { return }
            guard ContinuousClock.now - start < Self.settleTimeout else {
                throw BenchError("after \(Self.settleTimeout) the groups are still \(groups)")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
