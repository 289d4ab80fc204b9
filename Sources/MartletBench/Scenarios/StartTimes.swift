import Martlet

/// How long a broker with many partitions and much data is away: after kill -9 at full load, and after a clean stop.
///
/// The data is what the load wrote until it was killed: there was no clean stop before that would have let the next start
/// skip any of it.
struct StartTimes: Scenario {
    static let partitionCount = 1000
    private static let appendedMetric = "martlet_produced_bytes_total"

    var flush: Flush

    var title: String { "starts with \(Self.partitionCount) partitions and much data, flush=\(flush.rawValue)" }

    /// 10 GB, and in proportion less in a run that is told to move less than 3 GiB.
    private func dataBytes(_ bench: Workbench) -> Int { min(10_000_000_000, bench.totalBytes / 3 * 10) }

    func measure(at bench: Workbench) async throws -> Outcome {
        let directory = try bench.makeDirectory()
        defer { bench.discard(directory) }
        let site = Site(bench: bench, directory: directory)

        let first = try await site.start()
        let topic = try await TestTopic.create(
            on: first.broker, partitions: Self.partitionCount, settings: ["flush": flush.rawValue])
        try await killAtFullLoad(first, topic: topic, bench)

        let second = try await site.start()
        let crash = try await site.timeUntilServing(second, topic: topic)
        try await second.process.stop()

        let third = try await site.start()
        let clean = try await site.timeUntilServing(third, topic: topic)
        try await third.process.stop()
        return Outcome(samples: [
            Sample(.crashStart(flush.rawValue), crash.inSeconds), Sample(.cleanStart(flush.rawValue), clean.inSeconds),
        ])
    }

    /// Kills the broker in the middle of a load that would go on for much longer, once it holds the data.
    private func killAtFullLoad(_ running: Site.Running, topic: String, _ bench: Workbench) async throws {
        let payload = Payload.plain(valueBytes: 1024)
        let load = ProduceLoad(
            topic: topic, payload: payload, recordCount: payload.recordCount(filling: 100 * dataBytes(bench)),
            producers: 4, partitions: Self.partitionCount, batchBytes: 64 << 10)
        let quiet = ProgressLine(isQuiet: true)
        let sending = Task { try await load.run(broker: running.broker.address, progress: quiet) }
        do {
            try await waitUntilHolding(dataBytes(bench), running, bench)
        } catch {
            await running.process.kill()
            sending.cancel()
            throw error
        }
        await running.process.kill()
        sending.cancel()
        // It fails, which is the point of it.
        _ = await sending.result
    }

    private func waitUntilHolding(_ bytes: Int, _ running: Site.Running, _ bench: Workbench) async throws {
        while true {
            let text = try await Metrics.read(from: running.process.metricsAddress)
            guard let appended = Metrics.value(of: Self.appendedMetric, in: text) else {
                throw BenchError("the broker does not tell \(Self.appendedMetric)")
            }
            bench.progress.show(fraction: min(1, appended / Double(bytes)))
            if appended >= Double(bytes) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
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
