internal import MartletCore
internal import MartletProtocol
internal import MartletRPC

/// A member of a group with no consumer behind it: stays in the group, lets go at once of what is taken from it, and
/// commits when told to. What it measures is the coordinator.
actor BareMember {
    nonisolated let id: String
    private let groups: GroupsClient
    private let group: [UInt8]
    private let topic: [UInt8]
    private let topicID: TopicID
    private var epoch: Int32 = 0
    private var version: Int64 = 0
    private var sequence: Int64 = 0
    /// The coordinator has not heard of `partitions` yet.
    private var isNews = true
    private var isLeaving = false
    private var heartbeats: Task<Void, any Error>?

    /// What it has.
    private(set) var partitions: Set<PartitionIndex> = []
    /// Partitions that came to it, over its life.
    private(set) var gained = 0

    init(_ id: String, of group: String, topic: TestTopic.Identity, over groups: GroupsClient) {
        self.id = id
        self.groups = groups
        self.group = Array(group.utf8)
        self.topic = Array(topic.name.utf8)
        topicID = topic.id
    }

    /// Joins, and heartbeats until it leaves.
    func start() {
        heartbeats = Task { while !isLeaving { try await beat() } }
    }

    private func beat() async throws {
        var request = HeartbeatRequest(
            group: group, memberID: Array(id.utf8), memberEpoch: epoch, assignmentVersion: version, maxWaitMs: 60_000)
        if isNews { request.owned = GroupPartitionList(topics: [topicPartitions]) }
        if epoch == 0 {
            request.subscription = GroupSubscription(topics: [topic])
            request.rebalanceTimeoutMs = 60_000
        }
        let response = try await groups.heartbeat(request, timeout: .seconds(90)).message
        guard response.error == 0 else {
            if isLeaving { return }
            throw BenchError("member \(id) was refused: \(response.message)")
        }
        isNews = false
        epoch = response.memberEpoch
        version = response.assignmentVersion
        guard let assignment = response.assignment else { return }
        let now = Set(assignment.topics.flatMap(\.partitions))
        gained += now.subtracting(partitions).count
        isNews = now != partitions
        partitions = now
    }

    private var topicPartitions: GroupPartitions {
        GroupPartitions(topicID: topicID.bytes, partitions: partitions.sorted())
    }

    /// Commits the beginning of all that it has; returns how many partitions those were.
    func commit() async throws -> Int {
        sequence += 1
        let request = CommitOffsetsRequest(
            group: group, memberID: Array(id.utf8), memberEpoch: epoch, sequence: sequence,
            partitions: partitions.map {
                CommitOffsetsPartition(topicID: topicID.bytes, partition: $0, offset: 0, leaderEpoch: -1)
            })
        let response = try await groups.commitOffsets(request, timeout: .seconds(60)).message
        guard response.error == 0, response.partitions.allSatisfy({ $0.error == 0 }) else {
            throw BenchError("a commit of member \(id) was refused: \(response.message)")
        }
        return response.partitions.count
    }

    /// Leaves the group, and is heard of no more. Throws what went wrong in its life.
    func leave() async throws {
        isLeaving = true
        let request = HeartbeatRequest(group: group, memberID: Array(id.utf8), memberEpoch: -1)
        _ = try await groups.heartbeat(request, timeout: .seconds(30))
        try await heartbeats?.value
    }
}
