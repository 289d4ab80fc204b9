import Foundation
import Martlet

/// From when a record was due to be sent until a consumer sees it: producer, broker and consumer, at an open-loop rate.
struct LatencyScenario: Scenario {
    var messageBytes: Int
    var ratePerSecond: Int
    var flush: Flush

    var title: String { "end to end, \(messageBytes) bytes at \(ratePerSecond)/s, flush=\(flush.rawValue)" }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withBroker { broker in
            let topic = try await TestTopic.create(on: broker, settings: ["flush": flush.rawValue])
            let count = OpenLoop.count(bench.latencyDuration, ratePerSecond: ratePerSecond)
            // Left early, the reader's task is cancelled, which ends its wait.
            async let latencies = OpenLoopReader(topic: topic, count: count).run(broker: broker.address)
            try await OpenLoopSender(
                topic: topic, count: count, messageBytes: messageBytes, ratePerSecond: ratePerSecond
            )
            .run(broker: broker.address, progress: bench.progress)
            let recorder = LatencyRecorder(nanoseconds: try await latencies.dropFirst(OpenLoop.warmUp(count)))
            try await TestTopic.remove(topic, from: broker)
            return Outcome(
                samples: Figure.latencyPercentiles.map { Sample(.latency($0), recorder.microseconds(at: $0)) },
                curves: [recorder.curve("end to end, flush=\(flush.rawValue)")])
        }
    }
}
