import Martlet

/// Records out, as fast as they go: one partition, in the page cache, every record visited and every CRC checked.
struct ConsumeScenario: Scenario {
    var recordBytes: Int
    var batchBytes = Workload.defaultBatchBytes
    var compression = Compression.none

    var title: String { Figure.consume(recordBytes: recordBytes).title }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withBroker { broker in
            let topic = try await TestTopic.create(on: broker, settings: ["flush": Flush.os.rawValue])
            let payload = Payload.plain(valueBytes: recordBytes)
            let load = ProduceLoad(
                topic: topic, payload: payload, recordCount: payload.recordCount(filling: bench.totalBytes),
                batchBytes: batchBytes, compression: compression)
            _ = try await load.run(broker: broker.address, progress: bench.progress)
            let end = try await TestTopic.ends(topic, partitions: 1, on: broker)[0]
            let before = try broker.process?.usage()
            let result = try await ConsumeLoad(topic: topic, endOffset: end)
                .run(broker: broker.address, progress: bench.progress)
            guard result.records == Int(end), result.valueBytes == Int(end) * recordBytes else {
                throw BenchError("\(end) records were to be read, \(result.records) came")
            }
            var samples = [
                Sample(.consume(recordBytes: recordBytes), Double(result.records) / result.elapsed.inSeconds)
            ]
            if let before, let after = try broker.process?.usage() {
                let perRecord = (after.cpu - before.cpu).inSeconds * 1e9 / Double(result.records)
                samples.append(Sample(.consumeCPU(recordBytes: recordBytes), perRecord))
            }
            try await TestTopic.remove(topic, from: broker)
            return Outcome(samples: samples)
        }
    }
}
