import Foundation
import Martlet
import MartletTestSupport
import TestSeeds
import Testing

extension ProcessTests {
    /// Consumers as processes that share topics. `MARTLET_GROUP_ROUNDS` (6) sets how often members are disturbed in the
    /// long test, `MARTLET_SEED` replays a run of it.
    @Suite("Consumer groups")
    struct GroupTests {
        private static let rounds =
            ProcessInfo.processInfo.environment["MARTLET_GROUP_ROUNDS"].flatMap { Int($0) } ?? 6

        @Test(
            "three members share the partitions; each record is read once, in order, while members come and go",
            .timeLimit(.minutes(2)), arguments: [3, 4, 12] as [Int32])
        func sharing(partitions: Int32) async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: partitions, on: fixture, groups: ["g"])
                var members = try await topic.members(1, of: "g")
                try await topic.whileSending {
                    members += try await topic.members(2, of: "g", beside: members)
                    let counts = try await assignedCounts(fixture)
                    #expect(counts.count == 3 && (counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "\(counts)")
                    try await members[0].stop()
                    try await topic.settle("g", Array(members.dropFirst()))
                }
                try await topic.waitUntilConsumed(by: members, of: "g")
                for member in members.dropFirst() { try await member.stop() }
                #expect(topic.violations(members, onceOnly: true).isEmpty)
                for member in members { #expect(member.losses == 0, "\(member.process.errors.tail)") }
                print("\(partitions) partitions: \(topic.sentCount) records, each read once")
            }
        }

        private func assignedCounts(_ fixture: BrokerFixture) async throws -> [Int] {
            try await fixture.admin { try await $0.describeGroup("g") }.members.map(\.assigned.count)
        }

        @Test("more members than partitions: one stands by, and takes over", .timeLimit(.minutes(1)))
        func standby() async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 2, on: fixture, groups: ["g"])
                let members = try await topic.members(3, of: "g")
                try await topic.send(10)
                try await topic.waitUntilConsumed(by: members, of: "g")
                let (busy, idle) = (members.filter { !$0.lines.isEmpty }, members.filter { $0.lines.isEmpty })
                #expect(busy.count == 2 && idle.count == 1)
                try await busy[0].stop()
                try await idle[0].waitUntilSaid("reads t")
                try await topic.send(10)
                try await topic.waitUntilConsumed(by: members, of: "g")
                #expect(topic.violations(members, onceOnly: true).isEmpty)
            }
        }

        @Test("kill -9: what the member had is read by others, nothing is lost", .timeLimit(.minutes(1)))
        func killed() async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 4, on: fixture, groups: ["g"])
                let members = try await topic.members(3, of: "g")
                try await topic.whileSending {
                    await members[0].kill()
                    try await topic.settle("g", Array(members.dropFirst()))
                }
                try await topic.waitUntilConsumed(by: members, of: "g")
                #expect(topic.violations(members, onceOnly: false).isEmpty)
                for member in members.dropFirst() { #expect(member.losses == 0, "\(member.process.errors.tail)") }
            }
        }

        @Test(
            "a member that was stopped past its session is refused when it wakes, says so, and joins again",
            .timeLimit(.minutes(1)))
        func zombie() async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 4, on: fixture, groups: ["g"])
                let members = try await topic.members(3, of: "g")
                try await topic.whileSending {
                    members[0].suspend()
                    try await topic.settle("g", Array(members.dropFirst()))
                    members[0].resume()
                    try await members[0].waitUntilSaid(": lost ")
                    try await topic.settle("g", members)
                }
                // Had one of its late commits been taken, the group would stand behind what the others have committed.
                try await topic.waitUntilConsumed(by: members, of: "g")
                #expect(topic.violations(members, onceOnly: false).isEmpty)
                for member in members.dropFirst() { #expect(member.losses == 0, "\(member.process.errors.tail)") }
                for member in members { try await member.stop() }
            }
        }

        @Test("a rolling restart under load reads every record once", .timeLimit(.minutes(1)))
        func rollingRestart() async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 12, on: fixture, groups: ["g"])
                var running = try await topic.members(3, of: "g")
                var all = running
                try await topic.whileSending {
                    for index in running.indices {
                        try await running[index].stop()
                        running[index] = try topic.member(of: "g")
                        all.append(running[index])
                        try await topic.settle("g", running)
                    }
                }
                try await topic.waitUntilConsumed(by: all, of: "g")
                #expect(topic.violations(all, onceOnly: true).isEmpty)
            }
        }

        @Test("with an instance id, a restart within the session moves nothing to others", .timeLimit(.minutes(1)))
        func staticMembers() async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 4, on: fixture, groups: [])
                var members = try ["one", "two"].map { try topic.member(of: "g", instance: $0) }
                try await topic.settle("g", members)
                try await topic.send(20)
                try await topic.waitUntilConsumed(by: members, of: "g")
                let announced = members[1].announcements
                try await members[0].stop()
                members.append(try topic.member(of: "g", instance: "one"))
                try await members[2].waitUntilSaid("reads t")
                try await topic.send(20)
                try await topic.waitUntilConsumed(by: members, of: "g")
                #expect(topic.violations(members, onceOnly: true).isEmpty)
                #expect(members[1].announcements == announced)
            }
        }

        @Test("two groups on one topic never affect each other", .timeLimit(.minutes(1)))
        func twoGroups() async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 4, on: fixture, groups: ["calm", "torn"])
                let calm = try await topic.members(2, of: "calm")
                var torn = try await topic.members(2, of: "torn")
                let announced = calm.map(\.announcements)
                let before = try await fixture.admin { try await $0.describeGroup("calm") }
                try await topic.whileSending {
                    await torn[0].kill()
                    torn.append(try topic.member(of: "torn"))
                    try await topic.settle("torn", Array(torn[1...]))
                    try await torn[1].stop()
                    try await topic.settle("torn", [torn[2]])
                }
                try await topic.waitUntilConsumed(by: calm, of: "calm")
                try await topic.waitUntilConsumed(by: torn, of: "torn")
                #expect(topic.violations(calm, onceOnly: true).isEmpty)
                #expect(topic.violations(torn, onceOnly: false).isEmpty)
                #expect(calm.map(\.announcements) == announced)
                #expect(try await fixture.admin { try await $0.describeGroup("calm") } == before)
            }
        }

        @Test(
            "members are killed, stopped, restarted and the broker with them: nothing is lost", .timeLimit(.minutes(30))
        )
        func disturbed() async throws {
            let seed = TestSeed.pick()
            print("MARTLET_SEED=\(seed) MARTLET_GROUP_ROUNDS=\(Self.rounds)")
            var random = SeededGenerator(seed: seed)
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 7, on: fixture, groups: ["g"])
                var running = try await topic.members(3, of: "g")
                var all = running
                for round in 0..<Self.rounds {
                    try await topic.whileSending {
                        let victim = Int.random(in: running.indices, using: &random)
                        switch Int.random(in: 0..<4, using: &random) {
                        case 0:
                            await running[victim].kill()
                            running[victim] = try topic.member(of: "g")
                            all.append(running[victim])
                        case 1:
                            running[victim].suspend()
                            try await topic.settle("g", running.indices.filter { $0 != victim }.map { running[$0] })
                            running[victim].resume()
                        case 2:
                            try await running[victim].stop()
                            running[victim] = try topic.member(of: "g")
                            all.append(running[victim])
                        default:
                            await fixture.broker.kill()
                            try await fixture.restart()
                        }
                        try await topic.settle("g", running)
                    }
                    try await topic.waitUntilConsumed(by: all, of: "g")
                    #expect(topic.violations(all, onceOnly: false).isEmpty, "seed \(seed), round \(round)")
                }
                print("\(Self.rounds) disturbances, \(topic.sentCount) records checked")
            }
        }
    }
}
