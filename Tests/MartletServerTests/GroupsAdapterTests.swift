import Foundation
import Logging
import MartletBroker
import MartletCore
import MartletMetadata
import MartletProtocol
import MartletRPC
import MartletStorage
import NIOCore
import NIOPosix
import Testing

@testable import MartletServer

/// The Groups service over a socket, a broker behind it.
@Suite("The Groups service")
struct GroupsAdapterTests {
    private struct Client {
        let groups: GroupsClient
        /// A topic of two partitions, "t".
        let topic: TopicID

        func heartbeat(_ request: HeartbeatRequest) async throws -> HeartbeatResponse {
            try await groups.heartbeat(request, timeout: .seconds(30)).message
        }

        func join(_ member: String, _ group: String = "g") -> HeartbeatRequest {
            HeartbeatRequest(
                group: Array(group.utf8), memberID: Array(member.utf8), owned: GroupPartitionList(),
                subscription: MartletProtocol.GroupSubscription(topics: [Array("t".utf8)]),
                clientID: Array("test".utf8), rebalanceTimeoutMs: 60_000, maxWaitMs: 1_000)
        }

        func commit(_ request: CommitOffsetsRequest) async throws -> CommitOffsetsResponse {
            try await groups.commitOffsets(request, timeout: .seconds(30)).message
        }

        func alter(_ set: [(name: String, value: String)], reset: [String] = []) async throws -> ErrorCode? {
            let request = AlterGroupRequest(
                group: Array("g".utf8),
                set: set.map { GroupSetting(name: Array($0.name.utf8), value: Array($0.value.utf8)) },
                reset: reset.map { Array($0.utf8) })
            let response = try await groups.alterGroup(request, timeout: .seconds(30)).message
            return response.group.flatMap { ErrorCode(rawValue: $0.error) }
        }

        /// What a join that `change` spoils is answered.
        func refusal(_ change: (inout HeartbeatRequest) -> Void) async throws -> ErrorCode? {
            var request = join("a")
            change(&request)
            return ErrorCode(rawValue: try await heartbeat(request).error)
        }

        func partition(_ partition: Int32, offset: Int64, metadata: String = "") -> CommitOffsetsPartition {
            CommitOffsetsPartition(
                topicID: topic.bytes, partition: partition, offset: offset, leaderEpoch: 3,
                metadata: Array(metadata.utf8))
        }
    }

    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let group = Array("g".utf8)

    private static func with(_ body: (Client) async throws -> Void) async throws {
        let directory = NSTemporaryDirectory() + "martlet-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try LogStore(directory: directory, options: LogStoreOptions(logger: quiet))
        let metadata = try EmbeddedStore(directory: directory + "/metadata", logger: quiet)
        let broker = Broker(settings: BrokerSettings(), store: store, metadata: metadata, logger: quiet)
        try await broker.start(host: "127.0.0.1", port: 7_400)
        let coordinator = GroupCoordinator(broker: broker, on: loops.next(), logger: quiet)
        coordinator.begin()
        let server = RPCServer(
            options: RPCServerOptions { HelloResponse() },
            services: [.groups(GroupsAdapter(coordinator: coordinator))], group: loops, logger: quiet)
        let address = try await server.bind(host: "127.0.0.1", port: 0)
        let connection = try await RPCConnection.connect(host: "127.0.0.1", port: address.port ?? 0, group: loops)
        let topic = try await broker.createTopics([MartletBroker.NewTopic(name: "t", partitions: 2)])[0].get()
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(Client(groups: GroupsClient(caller: connection), topic: topic)))
        } catch {
            outcome = .failure(error)
        }
        connection.close()
        await coordinator.stop()
        await server.shutdown(grace: .zero)
        await broker.stop()
        try outcome.get()
    }

    @Test("a member joins, commits, is described and leaves")
    func life() async throws {
        try await Self.with { client in
            let joined = try await client.heartbeat(client.join("a"))
            #expect(joined.error == 0)
            #expect(joined.memberEpoch == 1)
            #expect(joined.sessionTimeoutMs == 6_000)
            #expect(joined.heartbeatIntervalMs == 1_000)
            let all = GroupPartitions(topicID: client.topic.bytes, partitions: [0, 1], topic: Array("t".utf8))
            #expect(joined.assignment == GroupPartitionList(topics: [all]))

            let committed = try await client.commit(
                CommitOffsetsRequest(
                    group: Self.group, memberID: Array("a".utf8), memberEpoch: 1, sequence: 1,
                    partitions: [client.partition(1, offset: 0, metadata: "m"), client.partition(0, offset: 9)]))
            #expect(committed.error == 0)
            #expect(committed.partitions.map(\.error) == [0, ErrorCode.offsetOutOfRange.rawValue])

            let fetched = try await client.groups.fetchOffsets(
                FetchOffsetsRequest(group: Self.group, partitions: GroupPartitionList(topics: [all])),
                timeout: .seconds(30)
            ).message
            #expect(fetched.partitions.map(\.offset) == [-1, 0])
            #expect(fetched.partitions.map(\.leaderEpoch) == [-1, 3])
            #expect(fetched.partitions.map(\.metadata) == [[], Array("m".utf8)])
            #expect(fetched.partitions[1].commitTimeMs > 1_600_000_000_000)

            let described = try await client.groups.describeGroups(
                DescribeGroupsRequest(groups: [Self.group, Array("none".utf8)]), timeout: .seconds(30)
            ).message.groups
            #expect(described[0].state == Array("stable".utf8))
            #expect(described[0].members.first?.assigned == [all])
            #expect(described[0].members.first?.clientHost == Array("127.0.0.1".utf8))
            #expect(
                described[0].settings.map { String(decoding: $0.value, as: UTF8.self) } == ["uniform", "1000", "6000"])
            #expect(described[1].error == ErrorCode.groupIDNotFound.rawValue)

            let left = try await client.heartbeat(
                HeartbeatRequest(group: Self.group, memberID: Array("a".utf8), memberEpoch: -1))
            #expect(left.error == 0)
            let listed = try await client.groups.listGroups(ListGroupsRequest(), timeout: .seconds(30)).message
            #expect(listed.groups.map(\.group) == [Self.group])
            #expect(listed.groups.map(\.state) == [Array("empty".utf8)])
            let deleted = try await client.groups.deleteGroups(
                DeleteGroupsRequest(groups: [Self.group, Self.group]), timeout: .seconds(30)
            ).message
            #expect(deleted.groups.map(\.error) == [0, ErrorCode.groupIDNotFound.rawValue])
        }
    }

    @Test("settings are changed, put back and checked")
    func settings() async throws {
        try await Self.with { client in
            let changed = try await client.alter([("session.timeout.ms", "30000"), ("assignor", "range")])
            #expect(changed == ErrorCode.none)
            #expect(try await client.heartbeat(client.join("a")).sessionTimeoutMs == 30_000)
            let reset = try await client.alter([], reset: ["session.timeout.ms"])
            #expect(reset == ErrorCode.none)
            let refused: [(String, String, ErrorCode)] = [
                ("session.timeout.ms", "soon", .invalidConfig), ("session.timeout.ms", "1", .invalidConfig),
                ("colour", "red", .invalidConfig), ("assignor", "magic", .unsupportedAssignor),
            ]
            for (name, value, code) in refused {
                let error = try await client.alter([(name, value)])
                #expect(error == code)
            }
        }
    }

    @Test("what cannot be is refused with its own error")
    func refusals() async throws {
        try await Self.with { client in
            #expect(try await client.refusal { $0.group = Array(repeating: 0x67, count: 300) } == .invalidGroupID)
            #expect(try await client.refusal { $0.group = [0xff] } == .invalidGroupID)
            #expect(try await client.refusal { $0.memberID = [] } == .invalidRequest)
            #expect(try await client.refusal { $0.memberEpoch = -3 } == .invalidRequest)
            #expect(try await client.refusal { $0.memberEpoch = 4 } == .unknownMemberID)
            #expect(try await client.refusal { $0.assignor = Array("magic".utf8) } == .unsupportedAssignor)
            #expect(
                try await client.refusal { $0.subscription?.pattern = Array("[".utf8) } == .invalidRegularExpression)
            #expect(try await client.refusal { $0.subscription?.topics = [Array("a/b".utf8)] } == .invalidTopic)
            #expect(
                try await client.refusal { $0.owned = GroupPartitionList(topics: [GroupPartitions()]) }
                    == .invalidRequest)
            #expect(try await client.refusal { $0.rebalanceTimeoutMs = 5 } == .invalidRequest)
            #expect(try await client.refusal { _ in } == ErrorCode.none)
            let found = try await client.groups.findCoordinator(
                FindCoordinatorRequest(group: Self.group), timeout: .seconds(30)
            ).message
            #expect(found.error == 0)
            #expect(found.port == 7_400)
        }
    }
}
