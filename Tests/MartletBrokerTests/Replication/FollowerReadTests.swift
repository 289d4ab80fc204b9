import MartletCore
import MartletStorage
import Testing

@testable import MartletBroker

/// Consumers that read from a replica in their own rack (KIP-392; RULES 15, 19). Broker 1 leads.
@Suite("Reading from followers", .timeLimit(.minutes(2)))
struct FollowerReadTests {
    @Test("who says where it is is sent to the replica there, and reads there what is kept everywhere")
    func nearer() async throws {
        try await ClusterHarness.with(readsByRack: true) { cluster in
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a", "b"], to: 1, topic).get()
            #expect(await cluster.fetch(1, topic, rack: "rack 2").nearer == 2)
            #expect(await cluster.fetch(1, topic, from: 2, rack: "rack 3").nearer == 3)
            for rack in ["rack 1", "rack 9", ""] {
                #expect(try await cluster.fetch(1, topic, rack: rack).values == ["a", "b"])
            }
            try await cluster.eventually("the follower knows what is kept") {
                let outcome = await cluster.fetch(2, topic, rack: "rack 2")
                return try outcome.error == nil && outcome.highWatermark == 2 && outcome.values == ["a", "b"]
            }
            #expect(await cluster.fetch(2, topic, rack: "").error?.code == .notLeaderOrFollower)
            // Only the leader says that an offset is not in the log.
            #expect(await cluster.fetch(2, topic, from: 3, rack: "rack 2").error?.code == .offsetNotAvailable)
            #expect(await cluster.fetch(1, topic, from: 3, rack: "rack 2").error?.code == .offsetOutOfRange)
            #expect(await cluster.fetch(2, topic, epoch: 0, rack: "rack 2").error == nil)
        }
    }

    @Test("where replicas are not selected by rack, followers serve no consumer")
    func off() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            #expect(try await cluster.fetch(1, topic, rack: "rack 2").values == ["a"])
            #expect(await cluster.fetch(2, topic, rack: "rack 2").error?.code == .notLeaderOrFollower)
        }
    }

    @Test("a fetch that waits at a follower sees records once they are kept everywhere, and not before")
    func waits() async throws {
        try await ClusterHarness.with(readsByRack: true) { cluster in
            let topic = try await cluster.createTopic()
            try await cluster.eventually("the follower serves") {
                await cluster.fetch(2, topic, rack: "rack 2").error == nil
            }
            cluster.network.cut(1, 3)
            _ = try await cluster.produce(["a"], to: 1, topic, acks: .leader).get()
            try await cluster.eventually("the follower has it") { try cluster.log(2, topic) == ["a"] }
            #expect(try await cluster.fetch(2, topic, rack: "rack 2").values == [])
            async let parked = cluster.fetch(2, topic, rack: "rack 2", wait: .seconds(60))
            cluster.network.heal()
            #expect(try await parked.values == ["a"])
            #expect(try cluster.partition(1, topic).highWatermark == 1)
        }
    }

    @Test("a follower with readers hears at once of what is kept everywhere, however long its fetches wait")
    func advance() async throws {
        // Longer than this test may take.
        try await ClusterHarness.with(readsByRack: true, fetchWait: .seconds(300)) { cluster in
            let topic = try await cluster.createTopic()
            // The first answer to it is its role's; from the reader that follows on its fetches say that it is read.
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            try await cluster.eventually("the follower serves") {
                await cluster.fetch(2, topic, rack: "rack 2").error == nil
            }
            for value in ["b", "c"] {
                _ = try await cluster.produce([value], to: 1, topic).get()
            }
            try await cluster.eventually("readers at the follower see it") {
                try await cluster.fetch(2, topic, rack: "rack 2").values == ["a", "b", "c"]
            }
        }
    }

    @Test("a follower without its leader refuses readers before long, and its leader sends it none")
    func cutOff() async throws {
        try await ClusterHarness.with(lagMax: .seconds(1), readsByRack: true) { cluster in
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            try await cluster.eventually("the follower serves") {
                await cluster.fetch(2, topic, rack: "rack 2").error == nil
            }
            async let parked = cluster.fetch(2, topic, from: 1, rack: "rack 2", wait: .seconds(3))
            cluster.network.cut(1, 2)
            try await cluster.eventually("the follower refuses") {
                await cluster.fetch(2, topic, rack: "rack 2").error?.code == .notLeaderOrFollower
            }
            // One that waited is not told that there is nothing new.
            #expect(await parked.error?.code == .notLeaderOrFollower)
            try await cluster.eventually("the leader serves the reader itself") {
                await cluster.fetch(1, topic, rack: "rack 2").nearer == nil
            }
        }
    }

    @Test("a reader that waits at a follower hears of a change of leaders")
    func change() async throws {
        try await ClusterHarness.with(readsByRack: true) { cluster in
            let topic = try await cluster.createTopic()
            try await cluster.eventually("the follower serves") {
                await cluster.fetch(2, topic, rack: "rack 2").error == nil
            }
            async let parked = cluster.fetch(2, topic, epoch: 0, rack: "rack 2", wait: .seconds(60))
            try await cluster.elect(3, topic)
            let code = await parked.error?.code
            #expect(code == .notLeaderOrFollower || code == .fencedLeaderEpoch)
        }
    }
}

extension FetchOutcome {
    fileprivate var nearer: BrokerID? {
        if case .nearer(let broker) = content { broker } else { nil }
    }
}
