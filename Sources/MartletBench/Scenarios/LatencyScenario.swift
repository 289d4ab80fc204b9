import Foundation
import Martlet

/// From when a record was due to be sent until a consumer sees it: producer, broker and consumer, at an open-loop rate.
struct LatencyScenario: Scenario {
    var messageBytes: Int
    var ratePerSecond: Int
    var flush: Flush

    var title: String { "end to end, \(messageBytes) bytes at \(ratePerSecond)/s, flush=\(flush.rawValue)" }

    var note: String? {
        "End to end: one producer with the SDK's defaults, fed by a thread of its own that sends each record when it is due; one "
            + "consumer whose task runs on the thread of its connections (ClientLoop)."
    }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withBroker { broker in
            let topic = try await TestTopic.create(on: broker, settings: ["flush": flush.rawValue])
            let count = OpenLoop.count(bench.latencyDuration, ratePerSecond: ratePerSecond)
            let recorder = LatencyRecorder(
                nanoseconds: try await latencies(
                    topic: topic, count: count, broker: broker.address, progress: bench.progress
                ).dropFirst(OpenLoop.warmUp(count)))
            try await TestTopic.remove(topic, from: broker)
            return Outcome(
                samples: Figure.latencyPercentiles.map { Sample(.latency($0), recorder.microseconds(at: $0)) },
                curves: [recorder.curve("end to end, flush=\(flush.rawValue)")])
        }
    }

    /// The clock begins when both ends have seen a record through: it is the way of records that is measured.
    private func latencies(topic: String, count: Int, broker: String, progress: ProgressLine) async throws -> [UInt64] {
        guard let configuration = ProducerConfiguration(broker) else {
            throw BenchError("\(broker) is no broker's address: write host:port")
        }
        let sender = OpenLoopSender(
            topic: topic, count: count, messageBytes: messageBytes, ratePerSecond: ratePerSecond)
        let reader = OpenLoopReader(topic: topic, count: count)
        return try await withProducer(configuration) { producer in
            try await sender.warmUp(producer)
            let (isInPlace, inPlace) = AsyncStream<Void>.makeStream()
            // Left early, the reader's task is cancelled, which ends its wait.
            async let latencies = reader.run(broker: broker, isInPlace: inPlace)
            for await _ in isInPlace { break }
            try await sender.run(producer, progress: progress)
            return try await latencies
        }
    }
}
