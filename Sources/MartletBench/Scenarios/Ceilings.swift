/// The bare produce loop.
struct ProduceCeiling: Scenario {
    var recordBytes: Int
    var batchBytes: Int
    var title: String { Figure.produceCeiling(recordBytes: recordBytes).title }

    func measure(at bench: Workbench) async throws -> Outcome {
        let directory = try bench.makeDirectory()
        defer { bench.discard(directory) }
        let result = try await Ceiling.produce(
            .init(
                directory: directory, totalBytes: bench.totalBytes, recordBytes: recordBytes, batchBytes: batchBytes),
            progress: bench.progress)
        return Outcome(samples: [
            Sample(.produceCeiling(recordBytes: recordBytes), result.recordsPerSecond),
            Sample(.produceCeilingCPU(recordBytes: recordBytes), result.serverNanosecondsPerRecord),
        ])
    }
}

/// The bare fetch loop.
struct FetchCeiling: Scenario {
    var recordBytes: Int
    var batchBytes: Int
    var title: String { Figure.fetchCeiling(recordBytes: recordBytes).title }

    func measure(at bench: Workbench) async throws -> Outcome {
        let directory = try bench.makeDirectory()
        defer { bench.discard(directory) }
        let result = try await Ceiling.fetch(
            .init(
                directory: directory, totalBytes: bench.totalBytes, recordBytes: recordBytes, batchBytes: batchBytes),
            progress: bench.progress)
        return Outcome(samples: [
            Sample(.fetchCeiling(recordBytes: recordBytes), result.recordsPerSecond),
            Sample(.fetchCeilingCPU(recordBytes: recordBytes), result.serverNanosecondsPerRecord),
        ])
    }
}

/// A message to a bare server and back, at the rate at which the product is measured.
struct EchoCeiling: Scenario {
    var messageBytes: Int
    var ratePerSecond: Int
    var title: String { "ceiling: echo, \(messageBytes) bytes at \(ratePerSecond)/s" }

    func measure(at bench: Workbench) async throws -> Outcome {
        let latencies = try await Ceiling.echo(
            count: OpenLoop.count(bench.latencyDuration, ratePerSecond: ratePerSecond), messageBytes: messageBytes,
            ratePerSecond: ratePerSecond, progress: bench.progress)
        let recorder = LatencyRecorder(nanoseconds: latencies.dropFirst(OpenLoop.warmUp(latencies.count)))
        return Outcome(
            samples: Figure.latencyPercentiles.map { Sample(.echo($0), recorder.microseconds(at: $0)) },
            curves: [recorder.curve("echo in bare C")])
    }
}

/// What one core packs with LZ4.
struct CompressCeiling: Scenario {
    var batchBytes: Int
    var title: String { Figure.compressCeiling.title }

    func measure(at bench: Workbench) async throws -> Outcome {
        let records = JSONLikeRecords()
        let result = try await Ceiling.compress(
            records.values.flatMap(\.self), blockBytes: batchBytes, totalBytes: bench.totalBytes)
        let recordsPerSecond = Double(result.bytes) / Double(JSONLikeRecords.valueBytes) / result.elapsed.inSeconds
        return Outcome(samples: [Sample(.compressCeiling, recordsPerSecond)])
    }
}

/// What the echo and the product's latency run share.
enum OpenLoop {
    static func count(_ duration: Duration, ratePerSecond: Int) -> Int {
        Swift.max(1, Int(duration.inSeconds * Double(ratePerSecond)))
    }

    /// How many of the first messages are left out: connections, caches and the processor's clock are still cold.
    static func warmUp(_ count: Int) -> Int { count / 10 }
}
