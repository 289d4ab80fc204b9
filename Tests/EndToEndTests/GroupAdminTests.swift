import Martlet
import Testing

@Suite("groups and their offsets, managed from outside")
struct GroupAdminTests {
    private func partition(_ index: PartitionIndex, _ topic: String = "t") -> TopicPartition {
        TopicPartition(topic: topic, partition: index)
    }

    private func code(_ body: () async throws -> Void) async -> MartletError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? MartletError)?.code
        }
    }

    @Test("offsets that are set are there, also after a restart, and go with their group")
    func offsets() async throws {
        try await withDirectory { directory in
            var broker = try await LiveBroker.start(in: directory)
            try await broker.createTopic("t", partitions: 2)
            try await broker.send((0..<10).map(String.init), to: "t")
            try await withAdmin(broker.client, logger: quiet) { admin in
                #expect(try await admin.listGroups().isEmpty)
                #expect(try await admin.committedOffsets(of: "g").isEmpty)
                try await admin.resetOffsets(of: "g", to: [partition(0): 7, partition(1): 0])
                let committed = try await admin.committedOffsets(of: "g")
                #expect(committed.mapValues(\.offset) == [partition(0): 7, partition(1): 0])
                #expect(committed[partition(0)]?.leaderEpoch == -1 && committed[partition(0)]?.metadata == [])
            }
            broker = try await broker.restarted()
            try await withAdmin(broker.client, logger: quiet) { admin in
                #expect(try await admin.committedOffsets(of: "g")[partition(0)]?.offset == 7)
                let group = try #require(try await admin.listGroups().first)
                #expect(group.name == "g" && group.state == .empty && group.memberCount == 0)
                let info = try await admin.describeGroup("g")
                #expect(info.members.isEmpty && info.assignor == "uniform" && info.state == .empty)
                #expect(info.coordinator == broker.address.description)
                try await admin.deleteGroup("g")
                #expect(try await admin.listGroups().isEmpty)
                #expect(await code { _ = try await admin.describeGroup("g") } == .refused(.groupIDNotFound))
                #expect(await code { try await admin.deleteGroup("g") } == .refused(.groupIDNotFound))
                #expect(try await admin.committedOffsets(of: "g").isEmpty)
            }
            try await broker.stop()
        }
    }

    @Test("settings of a group are changed and put back")
    func settings() async throws {
        try await withBroker { broker in
            try await withAdmin(broker.client, logger: quiet) { admin in
                try await admin.alterGroup("g", set: ["session.timeout.ms": "9000", "assignor": "range"])
                var info = try await admin.describeGroup("g")
                #expect(
                    info.settings == [
                        "session.timeout.ms": "9000", "heartbeat.interval.ms": "1000", "assignor": "range",
                    ])
                try await admin.alterGroup("g", reset: ["session.timeout.ms"])
                info = try await admin.describeGroup("g")
                #expect(info.settings["session.timeout.ms"] == "6000" && info.assignor == "range")
                let refusals: [([String: String], ErrorCode)] = [
                    (["session.timeout.ms": "1"], .invalidConfig), (["session.timeout.ms": "soon"], .invalidConfig),
                    (["no.such": "1"], .invalidConfig), (["assignor": "fair"], .unsupportedAssignor),
                ]
                for (set, error) in refusals {
                    #expect(await code { try await admin.alterGroup("g", set: set) } == .refused(error), "\(set)")
                }
                #expect(try await admin.describeGroup("g") == info)
            }
        }
    }

    @Test("offsets that cannot be are refused, the partition named")
    func refusals() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            try await broker.send(["0", "1"], to: "t")
            try await withAdmin(broker.client, logger: quiet) { admin in
                let beyond = await #expect(throws: MartletError.self) {
                    try await admin.resetOffsets(of: "g", to: [partition(0): 3])
                }
                #expect(beyond?.code == .refused(.offsetOutOfRange) && beyond?.topicPartition == partition(0))
                #expect(beyond?.message.contains("past the end of t-0, which is 2") == true)
                let missing = await code { try await admin.resetOffsets(of: "g", to: [partition(5): 0]) }
                #expect(missing == .refused(.unknownTopicOrPartition))
                let topic = await code { try await admin.resetOffsets(of: "g", to: [partition(0, "none"): 0]) }
                #expect(topic == .refused(.unknownTopicOrPartition))
                for name in ["", String(repeating: "g", count: 300), "a\u{7}b"] {
                    let refused = await code { try await admin.resetOffsets(of: name, to: [partition(0): 0]) }
                    #expect(refused == .refused(.invalidGroupID), "\(name)")
                    #expect(await code { _ = try await admin.describeGroup(name) } == .refused(.invalidGroupID))
                }
                let groups = try await admin.listGroups()
                #expect(groups.isEmpty)
            }
        }
    }

    @Test("the offsets of a deleted topic go with it")
    func deletedTopic() async throws {
        try await withBroker { broker in
            for topic in ["t", "u"] { try await broker.createTopic(topic) }
            try await withAdmin(broker.client, logger: quiet) { admin in
                try await admin.resetOffsets(of: "g", to: [partition(0): 0, partition(0, "u"): 0])
                try await admin.deleteTopic("t")
                try await broker.createTopic("t")
                #expect(try await admin.committedOffsets(of: "g").keys.map(\.topic) == ["u"])
            }
        }
    }

    @Test("timestamps at offsets: of what is there, of the first that is kept, of nothing past the end")
    func timestamps() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t", partitions: 2)
            try await withProducer(ProducerConfiguration(client: broker.client), logger: quiet) { producer in
                for number in 0..<50 {
                    let handle = try await producer.send(
                        topic: "t", value: "\(number)", timestamp: 1_000_000 + Int64(number), partition: 0)
                    _ = try await handle.delivery()
                }
            }
            try await withAdmin(broker.client, logger: quiet) { admin in
                for (offset, timestamp) in [(Offset(0), TimestampMs(1_000_000)), (33, 1_000_033)] {
                    #expect(try await admin.timestamps(at: [partition(0): offset]) == [partition(0): timestamp])
                }
                #expect(try await admin.timestamps(at: [partition(0): 50, partition(1): 0]).isEmpty)
                _ = try await admin.deleteRecords(before: [partition(0): 20])
                #expect(try await admin.timestamps(at: [partition(0): 3]) == [partition(0): 1_000_020])
                let beyond = await code { _ = try await admin.timestamps(at: [partition(0): 51]) }
                #expect(beyond == .refused(.offsetOutOfRange))
            }
        }
    }
}
