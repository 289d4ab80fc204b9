import Foundation
import Martlet
import MartletTestSupport
import TestDisk
import TestSeeds
import Testing

/// The broker whole, from producers down to a disk that loses what was not synced. `MARTLET_POWER_CUTS` (12) sets how
/// often, `MARTLET_SEED` replays a run.
@Suite("A broker whose power is cut", .serialized)
struct PowerLossTests {
    private static let cuts = ProcessInfo.processInfo.environment["MARTLET_POWER_CUTS"].flatMap { Int($0) } ?? 12
    private static let topic = RecordedLoad.Topic("synced", partitions: 3)

    @Test(
        "with flush=batch every acknowledged record is there, once, in order, whatever unsynced pages and names are gone",
        .timeLimit(.minutes(20)))
    func nothingAcknowledgedIsLost() async throws {
        let seed = TestSeed.pick()
        print("MARTLET_SEED=\(seed) MARTLET_POWER_CUTS=\(Self.cuts)")
        var random = SeededGenerator(seed: seed)
        try await withMachine(segmentBytes: 131_072) { machine in
            let load = RecordedLoad(address: machine.address.description)
            var dropped: UInt64 = 0
            try await load.whileRunning(topics: [Self.topic]) {
                for cut in 0..<Self.cuts {
                    dropped += try await self.cut(machine, load, &random)
                    #expect(try await machine.troubles().isEmpty, "seed \(seed), cut \(cut)")
                }
            }
            #expect(try await load.violations().isEmpty, "seed \(seed)")
            #expect(load.failures.isEmpty, "seed \(seed)")
            #expect(dropped > 0 && load.acknowledged > 50 * Self.cuts, "nothing was at stake")
            print(
                "\(Self.cuts) cuts took \(dropped) pages and names; \(load.acknowledged) acknowledged records checked")
        }
    }

    /// At work, after some more acknowledgements; sometimes again while the broker starts. Then it serves.
    private func cut(
        _ machine: FragileMachine, _ load: RecordedLoad, _ random: inout SeededGenerator
    ) async throws -> UInt64 {
        guard await load.waitForAcknowledgements(load.acknowledged + Int.random(in: 1...800, using: &random)) else {
            throw TestFailure("no acknowledgements within a minute")
        }
        machine.disk.crash(afterChanges: .random(in: 0...300, using: &random))
        try await machine.waitForCrash()
        var dropped = try await machine.losePower(seed: random.next())
        while random.chance(25) {
            machine.disk.crash(afterChanges: .random(in: 0...40, using: &random))
            if try await machine.boot() { try await machine.waitForCrash() }
            dropped += try await machine.losePower(seed: random.next())
        }
        guard try await machine.boot() else { throw TestFailure("a power cut that nobody ordered") }
        return dropped
    }

    /// What makes the test above worth its while.
    @Test("a disk that says it has synced and has not is found out", .timeLimit(.minutes(2)))
    func lyingDisk() async throws {
        struct PowerCut: Error {}
        try await withMachine(segmentBytes: 1 << 30) { machine in
            let load = RecordedLoad(address: machine.address.description)
            await #expect(throws: PowerCut.self) {
                try await load.whileRunning(topics: [Self.topic]) {
                    #expect(await load.waitForAcknowledgements(200))
                    machine.disk.lieAboutSyncs(path: ".log")
                    #expect(await load.waitForAcknowledgements(load.acknowledged + 2_000))
                    machine.disk.crash(afterChanges: 0)
                    try await machine.waitForCrash()
                    // Producers are not to go on where something is missing: they would be told.
                    throw PowerCut()
                }
            }
            #expect(try await machine.losePower(seed: 1) > 0)
            #expect(try await machine.boot())
            let violations = try await load.violations()
            #expect(violations.values.joined().contains { if case .lost = $0 { true } else { false } })
        }
    }

    private func withMachine(segmentBytes: Int, _ body: (FragileMachine) async throws -> Void) async throws {
        try await withDirectory { directory in
            let machine = try FragileMachine(in: directory)
            #expect(try await machine.boot())
            do {
                try await withAdmin(machine.client, logger: quiet) { admin in
                    _ = try await admin.createTopic(
                        Self.topic.name, partitions: Int32(Self.topic.partitions),
                        settings: ["flush": "batch", "segment.bytes": "\(segmentBytes)"])
                }
                try await body(machine)
            } catch {
                try? await machine.stop()
                throw error
            }
            try await machine.stop()
        }
    }
}
