import Foundation
import Testing

@testable import MartletBench

@Suite("The ceiling")
struct CeilingTests {
    private let quiet = ProgressLine(isQuiet: true)

    private func options(recordBytes: Int = 100, batchBytes: Int = 16 << 10) -> Ceiling.Options {
        .init(
            directory: FileManager.default.temporaryDirectory.path, totalBytes: 4 << 20, recordBytes: recordBytes,
            batchBytes: batchBytes)
    }

    @Test("the produce loop moves all that was asked for", arguments: [1, 100, 1024, 40_000])
    func produce(recordBytes: Int) async throws {
        let result = try await Ceiling.produce(options(recordBytes: recordBytes), progress: quiet)
        #expect(result.bytes >= 4 << 20)
        #expect(result.records >= (4 << 20) / (recordBytes + 100))
        #expect(result.serverCPU > .zero)
    }

    @Test("the fetch loop visits every record that was written", arguments: [1, 100, 1024, 40_000])
    func fetch(recordBytes: Int) async throws {
        let options = options(recordBytes: recordBytes)
        let fetched = try await Ceiling.fetch(options, progress: quiet)
        let produced = try await Ceiling.produce(options, progress: quiet)
        #expect(fetched.bytes == produced.bytes)
        #expect(fetched.records == produced.records)
    }

    @Test("the echo answers every message, none before it was due")
    func echo() async throws {
        let latencies = try await Ceiling.echo(count: 200, messageBytes: 128, ratePerSecond: 20_000, progress: quiet)
        #expect(latencies.count == 200)
        #expect(latencies.allSatisfy { (1...60_000_000_000).contains($0) })
    }

    @Test("one core compresses JSON-like records")
    func compress() async throws {
        let data = JSONLikeRecords().values.flatMap(\.self)
        let result = try await Ceiling.compress(data, blockBytes: 64 << 10, totalBytes: 4 << 20)
        #expect(result.bytes == 4 << 20)
        #expect(result.records == 64)
    }

    @Test("a directory that is not there is named as the reason")
    func noDirectory() async throws {
        var options = options()
        options.directory = "/nonexistent"
        let error = await #expect(throws: CeilingError.self) { try await Ceiling.produce(options, progress: quiet) }
        #expect(error?.description.contains("creating a segment") == true)
        #expect(error?.description.contains("No such file or directory") == true)
    }

    @Test("options that contradict each other are refused")
    func contradiction() async throws {
        await #expect(throws: CeilingError.self) {
            try await Ceiling.fetch(options(recordBytes: 0), progress: quiet)
        }
    }
}
