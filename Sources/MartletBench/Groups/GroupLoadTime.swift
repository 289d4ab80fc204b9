internal import MartletCore
internal import MartletProtocol
internal import MartletRPC

/// A broker with a million committed offsets: how long until it has them all again.
struct GroupLoadTime: Scenario {
    private static let groupCount = 1000
    private static let partitionCount = 1000
    /// Groups that commit at the same time.
    private static let atOnce = 8
    private static let timeout = Duration.seconds(60)

    var title: String { "start with \(Self.groupCount * Self.partitionCount) committed offsets" }

    func measure(at bench: Workbench) async throws -> Outcome {
        let directory = try bench.makeDirectory()
        defer { bench.discard(directory) }
        let site = Site(bench: bench, directory: directory)
        let filled = try await site.start()
        try await fill(filled, bench)
        try await filled.process.stop()
        let clean = try await site.start()
        let cleanTime = try await timeUntilLoaded(clean)
        await clean.process.kill()
        let killed = try await site.start()
        let crashTime = try await timeUntilLoaded(killed)
        try await killed.process.stop()
        return Outcome(samples: [
            Sample(.groupLoad, cleanTime.inSeconds), Sample(.groupLoadAfterKill, crashTime.inSeconds),
        ])
    }

    private func fill(_ running: Site.Running, _ bench: Workbench) async throws {
        try await BareGroup.with(members: 1, partitions: Self.partitionCount, on: running.broker) { group in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for lane in 0..<Self.atOnce {
                    tasks.addTask {
                        for index in stride(from: lane, to: Self.groupCount, by: Self.atOnce) {
                            try await commit(index, group)
                            if lane == 0 { bench.progress.show(fraction: Double(index) / Double(Self.groupCount)) }
                        }
                    }
                }
                try await tasks.waitForAll()
            }
        }
    }

    private func commit(_ index: Int, _ group: BareGroup) async throws {
        let request = CommitOffsetsRequest(
            group: Array("group-\(index)".utf8), memberEpoch: -1,
            partitions: (0..<Int32(Self.partitionCount)).map {
                CommitOffsetsPartition(topicID: group.topic.id.bytes, partition: $0, offset: 0, leaderEpoch: -1)
            })
        let response = try await group.client.commitOffsets(request, timeout: .seconds(60)).message
        guard response.error == 0, response.partitions.allSatisfy({ $0.error == 0 }) else {
            throw BenchError("offsets of group \(index) were refused: \(response.message)")
        }
    }

    /// From starting the process until the broker lists all groups, which it does without an error once all are loaded.
    private func timeUntilLoaded(_ running: Site.Running) async throws -> Duration {
        do {
            return try await BareConnection.with(running.broker) { connection in
                let groups = GroupsClient(caller: connection)
                while true {
                    let response = try await groups.listGroups(ListGroupsRequest(), timeout: .seconds(30)).message
                    let passed = ContinuousClock.now - running.startedAt
                    if response.error == 0, response.groups.count == Self.groupCount { return passed }
                    guard passed < Self.timeout else {
                        throw BenchError("after \(passed) \(response.groups.count) groups are loaded")
                    }
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
        } catch {
            await running.process.kill()
            throw error
        }
    }
}
