/// A hundred members of one group that commit ten partitions each, as often as they are answered.
struct GroupCommits: Scenario {
    private static let memberCount = 100
    private static let partitionCount = 1000
    private static let duration = Duration.seconds(5)

    var title: String { Figure.groupCommits.title }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withOwnBroker { broker, process in
            try await BareGroup.with(
                members: Self.memberCount, partitions: Self.partitionCount, on: broker
            ) { group in
                let members = (0..<Self.memberCount).map { group.member("member-\($0)", index: $0) }
                for member in members { await member.start() }
                try await group.settle(members)
                _ = try await commit(members, for: .milliseconds(500))
                let before = try await Counters(process)
                let start = ContinuousClock.now
                let offsets = try await commit(members, for: Self.duration)
                let elapsed = ContinuousClock.now - start
                let after = try await Counters(process)
                for member in members { try await member.leave() }
                let batches = after.batches - before.batches
                return Outcome(samples: [
                    Sample(.groupCommits, Double(offsets) / elapsed.inSeconds),
                    Sample(.groupCommitsPerBatch, Double(offsets) / batches),
                    Sample(.groupBatchesPerSync, batches / (after.syncs - before.syncs)),
                    Sample(
                        .groupCommitCPU, (after.usage.cpu - before.usage.cpu).inSeconds * 1e9 / Double(offsets)),
                ])
            }
        }
    }

    private struct Counters {
        var batches: Double
        var syncs: Double
        var usage: ProcessUsage

        init(_ process: BrokerProcess) async throws {
            let text = try await Metrics.read(from: process.metricsAddress)
            guard let batches = Metrics.value(of: "martlet_produced_batches_total", in: text),
                let syncs = Metrics.value(of: "martlet_synced_files_total", in: text)
            else { throw BenchError("the broker's metrics do not tell batches and syncs") }
            self.batches = batches
            self.syncs = syncs
            usage = try process.usage()
        }
    }

    /// Returns how many offsets were committed.
    private func commit(_ members: [BareMember], for duration: Duration) async throws -> Int {
        let end = ContinuousClock.now + duration
        return try await withThrowingTaskGroup(of: Int.self) { tasks in
            for member in members {
                tasks.addTask {
                    var count = 0
                    while ContinuousClock.now < end { count += try await member.commit() }
                    return count
                }
            }
            return try await tasks.reduce(0, +)
        }
    }
}
