import Martlet

/// How long a broker with many partitions and much data is away: after a clean stop, and after kill -9 at full load.
struct StartTimes: Scenario {
    static let partitionCount = 1000

    var title: String { "starts with \(Self.partitionCount) partitions and much data" }

    /// 10 GB, and in proportion less in a run that is told to move less than 3 GiB.
    private func dataBytes(_ bench: Workbench) -> Int { min(10_000_000_000, bench.totalBytes / 3 * 10) }

    func measure(at bench: Workbench) async throws -> Outcome {
        let directory = try bench.makeDirectory()
        defer { bench.discard(directory) }
        let site = Site(bench: bench, directory: directory)

        let first = try await site.start()
        let topic = try await TestTopic.create(on: first.broker, partitions: Self.partitionCount)
        try await fill(topic, first, bench)
        try await first.process.stop()

        let second = try await site.start()
        let clean = try await site.timeUntilServing(second, topic: topic)
        try await killAtFullLoad(second, topic: topic, bench)

        let third = try await site.start()
        let crash = try await site.timeUntilServing(third, topic: topic)
        try await third.process.stop()
        return Outcome(samples: [Sample(.cleanStart, clean.inSeconds), Sample(.crashStart, crash.inSeconds)])
    }

    private func load(_ topic: String, bytes: Int) -> ProduceLoad {
        let payload = Payload.plain(valueBytes: 1024)
        return ProduceLoad(
            topic: topic, payload: payload, recordCount: payload.recordCount(filling: bytes), producers: 4,
            partitions: Self.partitionCount, batchBytes: 64 << 10)
    }

    private func fill(_ topic: String, _ running: Site.Running, _ bench: Workbench) async throws {
        do {
            _ = try await load(topic, bytes: dataBytes(bench)).run(
                broker: running.broker.address, progress: bench.progress)
        } catch {
            await running.process.kill()
            throw error
        }
    }

    /// Kills the broker two seconds into a load that would go on for much longer.
    private func killAtFullLoad(_ running: Site.Running, topic: String, _ bench: Workbench) async throws {
        let load = load(topic, bytes: 100 * dataBytes(bench))
        let quiet = ProgressLine(isQuiet: true)
        let sending = Task { try await load.run(broker: running.broker.address, progress: quiet) }
        try await Task.sleep(for: .seconds(2))
        await running.process.kill()
        sending.cancel()
        // It fails, which is the point of it.
        _ = await sending.result
    }
}

extension Site {
    fileprivate static let servingTimeout = Duration.seconds(120)

    /// From starting the process until every partition tells its end: none is being recovered then.
    func timeUntilServing(_ running: Running, topic: String) async throws -> Duration {
        while true {
            do {
                _ = try await TestTopic.ends(topic, partitions: StartTimes.partitionCount, on: running.broker)
                return ContinuousClock.now - running.startedAt
            } catch {
                guard ContinuousClock.now - running.startedAt < Self.servingTimeout else {
                    await running.process.kill()
                    throw error
                }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
