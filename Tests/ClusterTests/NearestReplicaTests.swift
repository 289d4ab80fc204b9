import Martlet
import MartletTestSupport
import Testing

extension ClusterTests {
    @Test(
        "a consumer reads from the replica in its rack, and goes on at the leader when that is gone",
        .timeLimit(.minutes(3)))
    func nearestReplica() async throws {
        var settings = Self.settings
        settings["replica.selector"] = "rack"
        try await ClusterUnderTest.with(settings: settings) { cluster in
            _ = try await cluster.createTopic("near", partitions: 1)
            let partition = TopicPartition(topic: "near", partition: 0)
            let leader = try await cluster.leader(of: partition)
            let near: BrokerID = leader % 3 + 1
            let addresses = (
                leader: try cluster.options(for: leader).address, near: try cluster.options(for: near).address
            )
            var configuration = ConsumerConfiguration(client: try cluster.client())
            configuration.rack = "rack-\(near)"
            let producer = try Producer(ProducerConfiguration(client: try cluster.client()), logger: .quiet)
            try await withConsumer(configuration, logger: .quiet) { consumer in
                consumer.assign([partition], from: .earliest)
                var next: Offset = 0
                /// Sends one record and reads it; who had it.
                func relay() async throws -> String {
                    _ = try await producer.send(topic: "near", value: "\(next)", partition: 0)
                    try await producer.flush()
                    let batch = try #require(try await consumer.next())
                    #expect(batch.firstOffset == next)
                    next = batch.nextOffset
                    return batch.broker
                }
                while try await relay() != addresses.near {}
                #expect(try await relay() == addresses.near)
                await cluster.kill(near)
                #expect(try await relay() != addresses.near)
                while try await relay() != addresses.leader {}
            }
            try await producer.close()
        }
    }
}
