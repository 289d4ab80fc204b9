import Martlet

/// Topics that scenarios write to.
enum TestTopic {
    static let name = "bench"

    /// Creates the topic under a name that is free on a broker that was not started for the scenario.
    static func create(
        on broker: BrokerUnderTest, partitions: Int = 1, settings: [String: String] = [:]
    ) async throws -> String {
        let name = broker.process == nil ? "\(Self.name)-\(UInt32.random(in: 0 ... .max))" : Self.name
        try await withAdmin(try client(broker)) { admin in
            _ = try await admin.createTopic(name, partitions: Int32(partitions), settings: settings)
        }
        return name
    }

    /// A topic by name and id.
    struct Identity: Sendable {
        var name: String
        var id: TopicID
        var partitions: Int
    }

    /// The same as ``create(on:partitions:settings:)``, with the topic's id.
    static func createIdentified(on broker: BrokerUnderTest, partitions: Int) async throws -> Identity {
        let name = try await create(on: broker, partitions: partitions)
        return Identity(
            name: name, id: try await withAdmin(try client(broker)) { try await $0.describeTopic(name).id },
            partitions: partitions)
    }

    /// Deletes it from a broker that lives on.
    static func remove(_ name: String, from broker: BrokerUnderTest) async throws {
        guard broker.process == nil else { return }
        try await withAdmin(try client(broker)) { admin in try await admin.deleteTopic(name) }
    }

    /// The high watermark of each partition.
    static func ends(_ name: String, partitions: Int, on broker: BrokerUnderTest) async throws -> [Offset] {
        let all = (0..<partitions).map { TopicPartition(topic: name, partition: PartitionIndex($0)) }
        let found = try await withAdmin(try client(broker)) { admin in
            try await admin.offsets(for: Dictionary(uniqueKeysWithValues: all.map { ($0, OffsetSpec.latest) }))
        }
        return try all.map { partition in
            guard let end = found[partition] else { throw BenchError("\(partition) has no end") }
            return end.offset
        }
    }

    static func client(_ broker: BrokerUnderTest) throws -> ClientConfiguration {
        guard let configuration = ClientConfiguration(broker.address) else {
            throw BenchError("\(broker.address) is no broker's address: write host:port")
        }
        return configuration
    }
}
