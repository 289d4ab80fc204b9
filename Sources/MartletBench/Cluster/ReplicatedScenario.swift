import Martlet

/// Records in, as fast as they go, with acks=all to a partition of three replicas; all three brokers share this machine.
struct ReplicatedScenario: Scenario {
    var payload = Payload.plain(valueBytes: 100)
    var flush: Flush

    var title: String { "produce to three replicas, flush=\(flush.rawValue)" }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await BenchCluster.with(bench) { cluster in
            try await cluster.admin { admin in
                _ = try await admin.createTopic(
                    TestTopic.name, partitions: 1, replicas: 3, settings: ["flush": flush.rawValue])
            }
            try await cluster.waitUntilHealthy()
            let leader = try await cluster.leader(of: TestTopic.name)
            let load = ProduceLoad(
                topic: TestTopic.name, payload: payload, recordCount: payload.recordCount(filling: bench.totalBytes))
            let elapsed = try await load.run(broker: cluster.address(of: leader), progress: bench.progress)
            return Outcome(
                samples: [Sample(.replicated(flush.rawValue), Double(load.recordCount) / elapsed.inSeconds)])
        }
    }
}

extension Figure {
    static func replicated(_ flush: String) -> Figure {
        Figure("replicated.\(flush).100", "produce, three replicas, flush=\(flush)", .recordsPerSecond)
    }
}
