import Foundation
import Synchronization
import Testing

@testable import MartletBench

@Suite("The harness")
struct HarnessTests {
    /// Notes when it is run; fails in the rounds it is told to.
    private struct Probe: Scenario {
        let name: String
        let log: Log
        var fails = false

        var title: String { name }

        func measure(at bench: Workbench) async throws -> Outcome {
            log.note(name)
            if fails { throw BenchError("as told") }
            return Outcome(samples: [Sample(Figure(name, name, .seconds), Double(log.entries.count))])
        }
    }

    private final class Log: Sendable {
        private let state = Mutex<[String]>([])
        func note(_ name: String) { state.withLock { $0.append(name) } }
        var entries: [String] { state.withLock { $0 } }
    }

    private func workbench(in directory: String) -> Workbench {
        Workbench(
            totalBytes: 1, latencyDuration: .seconds(1), directory: directory, brokerBinary: "/nonexistent",
            externalBroker: nil, progress: ProgressLine(isQuiet: true))
    }

    @Test("each round runs every scenario of a stage before any is run again")
    func interleaved() async {
        let log = Log()
        let stages = [
            Stage(scenarios: [Probe(name: "ceiling", log: log), Probe(name: "product", log: log)], rounds: 2),
            Stage(scenarios: [Probe(name: "last", log: log)], rounds: 1),
        ]
        let findings = await Runner.run(stages, at: workbench(in: "/nonexistent"))
        #expect(log.entries == ["ceiling", "product", "ceiling", "product", "last"])
        #expect(findings.samples.summaries.map(\.values) == [[1, 3], [2, 4], [5]])
    }

    @Test("a scenario that fails is reported once and left out of later rounds, and the rest goes on")
    func failing() async {
        let log = Log()
        let stage = Stage(
            scenarios: [Probe(name: "broken", log: log, fails: true), Probe(name: "whole", log: log)], rounds: 3)
        let findings = await Runner.run([stage], at: workbench(in: "/nonexistent"))
        #expect(log.entries == ["broken", "whole", "whole", "whole"])
        #expect(findings.failures == [ScenarioFailure(scenario: "broken", reason: "as told")])
        #expect(findings.samples.summaries.map(\.values.count) == [3])
    }

    @Test("a broker that cannot be started is an error that leaves no directory behind")
    func noBroker() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        await #expect(throws: (any Error).self) { try await workbench(in: directory).withBroker { _ in } }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }

    @Test("allocated bytes count whole blocks of files and directories below")
    func diskUsage() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: "\(directory)/below", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let before = try DiskUsage.allocatedBytes(under: directory)
        try Data(repeating: 7, count: 100_000).write(to: URL(fileURLWithPath: "\(directory)/below/file"))
        let added = try DiskUsage.allocatedBytes(under: directory) - before
        #expect(added >= 100_000)
        #expect(added < 200_000)
    }

    @Test("a message tells when it was due, however small it was asked to be", arguments: [1, 8, 128])
    func dueTime(sizeBytes: Int) {
        let message = DueTime.message(sizeBytes, due: 0x0123_4567_89ab_cdef)
        #expect(message.count == max(sizeBytes, 8))
        #expect(message.withUnsafeBytes(DueTime.read) == 0x0123_4567_89ab_cdef)
        #expect([UInt8](repeating: 0, count: 7).withUnsafeBytes(DueTime.read) == nil)
    }

    @Test("percentiles are those of the latencies, in microseconds")
    func percentiles() {
        let recorder = LatencyRecorder(nanoseconds: (1...10_000).map { UInt64($0) * 1000 })
        #expect(abs(recorder.microseconds(at: 50) - 5000) < 10)
        #expect(abs(recorder.microseconds(at: 99.9) - 9990) < 20)
        let curve = recorder.curve("title")
        #expect(curve.points.map(\.y) == curve.points.map(\.y).sorted())
        // Ten thousand samples say nothing of the 99.999th percentile.
        #expect(curve.points.allSatisfy { $0.x <= 99.99 + 1e-9 })
        #expect(curve.points.contains { $0.x > 99.9 })
    }

    @Test("records that are sent have the size and the keys that were asked for")
    func recordSource() {
        let plain = RecordSource(.plain(valueBytes: 100))
        #expect((0..<100).allSatisfy { plain.value($0).count == 100 && plain.key($0) == nil })
        let json = RecordSource(.jsonLike)
        #expect((0..<100).allSatisfy { json.value($0).count == 1024 && json.key($0) != nil })
    }
}
