import Logging
import MartletCore
import MartletProtocol
import MartletRPC
import NIOCore
import NIOPosix
import Synchronization

/// A broker in this process that keeps batches in memory, behind the real RPC server. What it does wrong is scripted
/// by the test.
final class FakeBroker: Sendable {
    struct Stored {
        var batches: [(base: Offset, next: Offset, bytes: ByteBuffer)] = []
        var logStart: Offset = 0
        var nextOffset: Offset { batches.last?.next ?? logStart }
        var sequences: [String: Offset] = [:]
    }

    struct Topic {
        var id: TopicID
        var leaders: [BrokerID]
        var epoch: LeaderEpoch = 1

        /// What those are told who ask another broker.
        func hint(_ partition: PartitionIndex) -> LeaderHint {
            LeaderHint(brokerID: leaders[Int(partition)], leaderEpoch: epoch)
        }
    }

    /// What the brokers of one cluster share: topics, logs and the faults to come.
    final class Cluster: Sendable {
        struct State {
            var topics: [String: Topic] = [:]
            var stored: [TopicIDPartition: Stored] = [:]
            var ports: [BrokerID: Int] = [:]
            var producers: Int64 = 100
            var epochs: [Int64: Int32] = [:]
            var revision: UInt64 = 1
            /// Errors for the next batches to arrive, in place of storing them, or after it where they say so.
            var produceErrors: [ErrorCode] = []
            /// Batches to store and never answer for.
            var produceSilences = 0
            /// Questions for offsets never to answer.
            var offsetSilences = 0
            /// How many partitions each question for offsets named.
            var offsetQuestions: [Int] = []
            /// Fetches that find their data damaged.
            var damagedFetches = 0
            /// Produce requests wait here while it is set.
            var isHolding = false
            var held: [@Sendable () -> Void] = []
            var requestSizes: [Int] = []
            var fetchWaiters: [@Sendable () -> Void] = []
        }

        let state = Mutex(State())

        func addTopic(_ name: String, partitions: Int = 1, leader: BrokerID = 0) {
            state.withLock { state in
                var random = SystemRandomNumberGenerator()
                state.topics[name] = Topic(
                    id: .random(using: &random), leaders: Array(repeating: leader, count: partitions))
            }
        }

        /// Whoever waits at the former leader is told.
        func moveLeader(of name: String, to broker: BrokerID) {
            let waiters = state.withLock { state in
                guard var topic = state.topics[name] else { return [@Sendable () -> Void]() }
                topic.leaders = topic.leaders.map { _ in broker }
                topic.epoch += 1
                state.topics[name] = topic
                state.revision += 1
                defer { state.fetchWaiters = [] }
                return state.fetchWaiters
            }
            for waiter in waiters { waiter() }
        }

        func release() {
            let held = state.withLock { state in
                state.isHolding = false
                defer { state.held = [] }
                return state.held
            }
            for body in held { body() }
        }

        func stored(_ name: String, _ partition: PartitionIndex = 0) -> Stored {
            state.withLock { state in
                guard let id = state.topics[name]?.id else { return Stored() }
                return state.stored[TopicIDPartition(topicID: id, partition: partition)] ?? Stored()
            }
        }

        /// The values of a partition, in order.
        func values(_ name: String, _ partition: PartitionIndex = 0) throws -> [String] {
            var values: [String] = []
            for batch in stored(name, partition).batches {
                try batch.bytes.withUnsafeReadableBytes { bytes in
                    let header = try BatchCodec.check(bytes, sizeLimit: bytes.count)
                    try RecordBlock(bytes, header: header, unpackedLimit: 1 << 26).forEachRecord { record in
                        values.append(record.value.map { String(decoding: $0, as: UTF8.self) } ?? "-")
                    }
                }
            }
            return values
        }
    }

    let id: BrokerID
    let cluster: Cluster
    private let server: RPCServer
    let port: Int

    private init(id: BrokerID, cluster: Cluster, server: RPCServer, port: Int) {
        self.id = id
        self.cluster = cluster
        self.server = server
        self.port = port
    }

    static func start(
        _ cluster: Cluster = Cluster(), id: BrokerID = 0, port: Int = 0, partitionsPerRequestMax: Int? = nil
    ) async throws -> FakeBroker {
        let services = FakeServices(id: id, cluster: cluster)
        var options = RPCServerOptions(identity: { HelloResponse(version: 1, brokerVersion: "fake", brokerID: id) })
        if let partitionsPerRequestMax { options.partitionsPerRequestMax = partitionsPerRequestMax }
        let server = RPCServer(
            options: options, services: [.records(services), .topics(services), .cluster(services)],
            group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "fake") { _ in SwiftLogNoOpLogHandler() })
        let address = try await server.bind(host: "127.0.0.1", port: port)
        let bound = address.port ?? 0
        cluster.state.withLock { $0.ports[id] = bound }
        return FakeBroker(id: id, cluster: cluster, server: server, port: bound)
    }

    func stop() async {
        await server.shutdown(grace: .zero)
    }
}
