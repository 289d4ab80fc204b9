import Foundation
import Martlet
import MartletProtocol
import MartletTestSupport
import Testing

extension ProcessTests {
    /// Members that are broken or malicious: clear errors, and a coordinator that goes on serving others.
    @Suite("Hostile members")
    struct HostileGroupTests {
        private static func join(
            _ member: String, group: String = "g", pattern: String = "", topics: [String] = ["t"]
        ) -> HeartbeatRequest {
            HeartbeatRequest(
                group: Array(group.utf8), memberID: Array(member.utf8), owned: GroupPartitionList(),
                subscription: GroupSubscription(
                    topics: topics.map { Array($0.utf8) }, pattern: Array(pattern.utf8)),
                clientID: Array("hostile".utf8), rebalanceTimeoutMs: 60_000)
        }

        private static func commit(
            _ topic: [UInt8], partition: Int32 = 0, offset: Int64 = 0, group: String = "g", member: String = "a",
            epoch: Int32 = 1, metadata: Int = 0
        ) -> CommitOffsetsRequest {
            CommitOffsetsRequest(
                group: Array(group.utf8), memberID: Array(member.utf8), memberEpoch: epoch, sequence: 1,
                partitions: [
                    CommitOffsetsPartition(
                        topicID: topic, partition: partition, offset: offset, leaderEpoch: -1,
                        metadata: [UInt8](repeating: 0, count: metadata))
                ])
        }

        /// A member of a group of its own joins, commits and leaves; nothing of the flood is in its way.
        private func serveGoodMember(_ fixture: BrokerFixture, _ topic: GroupTopic, _ group: String) async throws {
            let member = try topic.member(of: group)
            try await member.waitUntilSaid("reads t")
            try await topic.send(1)
            try await topic.waitUntilConsumed(by: [member], of: group)
            try await member.stop()
        }

        @Test("requests that make no sense are refused by name, and change nothing", .timeLimit(.minutes(1)))
        func refusals() async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 1, on: fixture, groups: [])
                let own = try await fixture.admin { try await $0.describeTopic("t").id.bytes }
                let other = try await fixture.admin { try await $0.createTopic("u").bytes }
                let long = String(repeating: "n", count: 300)
                let nested = String(repeating: "(", count: 500) + String(repeating: ")", count: 500)
                let heartbeats: [(String, HeartbeatRequest, ErrorCode)] = [
                    ("a group's name of 300 bytes", Self.join("b", group: long), .invalidGroupID),
                    ("no name", Self.join("b", group: ""), .invalidGroupID),
                    ("a member id of 300 bytes", Self.join(long), .invalidRequest),
                    ("a pattern that does not parse", Self.join("b", pattern: "(t"), .invalidRegularExpression),
                    ("a look-behind", Self.join("b", pattern: "(?<=t)u"), .invalidRegularExpression),
                    (
                        "a pattern without end", Self.join("b", pattern: String(repeating: "a", count: 2000)),
                        .invalidRegularExpression
                    ),
                    ("a repeat of repeats", Self.join("b", pattern: "(a{1000}){1000}"), .invalidRegularExpression),
                    ("brackets in brackets", Self.join("b", pattern: nested), .invalidRegularExpression),
                    ("a topic's name of 300 bytes", Self.join("b", topics: [long]), .invalidTopic),
                    (
                        "an epoch of a member that is not there",
                        HeartbeatRequest(group: Array("g".utf8), memberID: Array("b".utf8), memberEpoch: 7),
                        .unknownMemberID
                    ),
                    (
                        "an epoch of the future",
                        HeartbeatRequest(group: Array("g".utf8), memberID: Array("a".utf8), memberEpoch: 9),
                        .fencedMemberEpoch
                    ),
                ]
                let commits: [(String, CommitOffsetsRequest, ErrorCode)] = [
                    ("an unknown group", Self.commit(own, group: "none"), .unknownMemberID),
                    ("a stranger", Self.commit(own, member: "b"), .unknownMemberID),
                    ("an epoch of the future", Self.commit(own, epoch: 9), .fencedMemberEpoch),
                    ("a partition not owned", Self.commit(other), .partitionNotOwned),
                    ("a partition that is not", Self.commit(own, partition: 5), .unknownTopicOrPartition),
                    ("a partition below zero", Self.commit(own, partition: -1), .unknownTopicOrPartition),
                    (
                        "a topic that is not", Self.commit([UInt8](repeating: 7, count: 16)), .unknownTopicID
                    ),
                    ("a topic id of 3 bytes", Self.commit([1, 2, 3]), .invalidRequest),
                    ("an offset past the end", Self.commit(own, offset: 1), .offsetOutOfRange),
                    ("the last offset there can be", Self.commit(own, offset: .max), .offsetOutOfRange),
                    ("an offset below zero", Self.commit(own, offset: -1), .offsetOutOfRange),
                    ("metadata of 5,000 bytes", Self.commit(own, metadata: 5_000), .offsetMetadataTooLarge),
                    ("no membership", Self.commit(own, member: "", epoch: -1), .nonEmptyGroup),
                ]
                let port = fixture.options.port
                let answers = try await BlockingThread.run {
                    let connection = try RawConnection(port: port)
                    try connection.greet()
                    let joined = try connection.call(
                        GroupsClient.Method.heartbeat, Self.join("a"), as: HeartbeatResponse.self)
                    let beats = try heartbeats.map { what, request, expected in
                        let answer = try connection.call(
                            GroupsClient.Method.heartbeat, request, as: HeartbeatResponse.self)
                        return Answer(what, expected, answer.error, answer.message)
                    }
                    let refused = try commits.map { what, request, expected in
                        let answer = try connection.call(
                            GroupsClient.Method.commitOffsets, request, as: CommitOffsetsResponse.self)
                        let item = answer.partitions.first
                        return Answer(
                            "a commit of \(what)", expected, answer.error != 0 ? answer.error : item?.error ?? 0,
                            answer.error != 0 ? answer.message : item?.message ?? "")
                    }
                    return [Answer("a good join", .none, joined.error, "-")] + beats + refused
                }
                for answer in answers {
                    #expect(answer.error == answer.expected, "\(answer.what): \(answer.message)")
                    #expect(!answer.message.isEmpty, "\(answer.what): no reason is given")
                }
                #expect(try await fixture.admin { try await $0.committedOffsets(of: "g") }.isEmpty)
                #expect(try await fixture.admin { try await $0.describeGroup("g") }.members.map(\.memberID) == ["a"])
                try await serveGoodMember(fixture, topic, "good")
            }
        }

        private struct Answer: Sendable {
            var what: String
            var expected: ErrorCode
            var error: ErrorCode?
            var message: String

            init(_ what: String, _ expected: ErrorCode, _ error: Int32, _ message: String) {
                self.what = what
                self.expected = expected
                self.error = ErrorCode(rawValue: error)
                self.message = message
            }
        }

        @Test("a flood of heartbeats, joins and commits leaves other groups their coordinator", .timeLimit(.minutes(1)))
        func flood() async throws {
            try await BrokerFixture.with { fixture in
                let topic = try await GroupTopic("t", partitions: 2, on: fixture, groups: [])
                let id = try await fixture.admin { try await $0.describeTopic("t").id.bytes }
                let port = fixture.options.port
                async let answered = BlockingThread.run {
                    var answered = 0
                    for round in 0..<8 {
                        let connection = try RawConnection(port: port)
                        try connection.greet()
                        // Of one member, none of which waits for the one before; and each tenth one a new member.
                        let flood = (0..<200).map { number in
                            let member = number % 10 == 0 ? "m\(round)-\(number)" : "a"
                            var request = Self.join(member, group: "flooded")
                            request.maxWaitMs = 60_000
                            return RawFrame.request(
                                GroupsClient.Method.heartbeat, request, callID: UInt64(number * 2 + 2))
                                + RawFrame.request(
                                    GroupsClient.Method.commitOffsets, Self.commit(id, group: "flooded"),
                                    callID: UInt64(number * 2 + 3))
                        }
                        guard connection.send(flood.flatMap { $0 }) else { continue }
                        // Every call is answered: done, refused, or that there are too many of them.
                        for _ in 0..<400 where try connection.answer() != nil { answered += 1 }
                    }
                    return answered
                }
                for round in 0..<3 { try await serveGoodMember(fixture, topic, "good-\(round)") }
                #expect(try await answered == 8 * 400)
                try await serveGoodMember(fixture, topic, "after")
                let memory = try fixture.broker.anonymousMemory()
                #expect(memory <= 200 << 20, "\(memory >> 20) MiB")
            }
        }
    }
}

extension RawConnection {
    /// One call, answered before the next.
    fileprivate func call<Response: WireMessage>(
        _ method: MethodName, _ request: some WireMessage, as type: Response.Type
    ) throws -> Response {
        send(RawFrame.request(method, request, callID: UInt64.random(in: 2 ... .max)))
        guard let answer = try answer(), answer.status == 0 else { throw TestFailure("\(method) is not answered") }
        return try answer.message(Response.self)
    }
}
