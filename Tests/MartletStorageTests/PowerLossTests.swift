import CMartletFaultyIO
import MartletCore
import TestDisk
import TestSeeds
import Testing

@testable import MartletStorage

@Suite("Power cuts (RULES 30)")
struct PowerLossTests {
    /// What one partition was given, and how much of it was acknowledged.
    private struct Written {
        var values: [String] = []
        var acknowledged: Offset = 0
    }

    /// What power cuts took of what they could have taken, and what was acknowledged before them.
    private struct Seen {
        var pagesDropped: UInt64 = 0
        var pagesKept: UInt64 = 0
        var entriesDropped: UInt64 = 0
        var entriesKept: UInt64 = 0
        var acknowledged = 0

        mutating func add(_ loss: mlog_power_loss) {
            pagesDropped += loss.pages_dropped
            pagesKept += loss.pages_unsynced - loss.pages_dropped
            entriesDropped += loss.entries_dropped
            entriesKept += loss.entries_unsynced - loss.entries_dropped
        }
    }

    @Test(
        "with flush=batch nothing acknowledged is lost, whatever unsynced pages and names are",
        arguments: [0..<20, 20..<40, 40..<60] as [Range<UInt64>])
    func nothingAcknowledgedIsLost(seeds: Range<UInt64>) throws {
        var seen = Seen()
        for seed in seeds { try play(seed, &seen) }
        // Cuts that took nothing, and runs that acknowledged nothing, would prove nothing (RULES 31).
        #expect(seen.pagesDropped >= 30, "\(seen)")
        #expect(seen.pagesKept >= 20, "\(seen)")
        #expect(seen.entriesDropped >= 5, "\(seen)")
        #expect(seen.entriesKept >= 5, "\(seen)")
        #expect(seen.acknowledged >= 300, "\(seen)")
    }

    private func play(_ seed: UInt64, _ seen: inout Seen) throws {
        var generator = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        let disk = FaultyDisk(for: directory.path)
        let settings = LogSettings(segmentBytes: 20_000)
        var written = [Written(), Written(), Written()]
        for round in 0..<4 {
            disk.crash(afterChanges: .random(in: 5...200, using: &generator))
            try? run(directory, disk, "boot \(round)", settings, &written, &generator)
            seen.acknowledged += written.reduce(0) { $0 + Int($1.acknowledged) }
            seen.add(disk.losePower(seed: generator.next()))
            try check(directory, disk, "check \(round)", settings, &written, seed)
        }
    }

    private func open(_ directory: TemporaryDirectory, _ disk: FaultyDisk, _ bootID: String) throws -> LogStore {
        var options = testOptions(io: disk.io)
        options.bootID = bootID
        let store = try LogStore(directory: directory.path, options: options)
        store.startBackground()
        return store
    }

    /// Appends until the disk crashes, noting what was acknowledged by then.
    private func run(
        _ directory: TemporaryDirectory, _ disk: FaultyDisk, _ bootID: String, _ settings: LogSettings,
        _ written: inout [Written], _ generator: inout SeededGenerator
    ) throws {
        let store = try open(directory, disk, bootID)
        defer { store.close() }
        var logs: [PartitionLog] = []
        for number in written.indices {
            let id = partition(PartitionIndex(number))
            let isThere = DirectoryListing.isDirectory(StoreLayout(directory.path).partitionPath(id))
            let log =
                try isThere
                ? store.open(id, topic: "t", settings: settings) : store.create(id, topic: "t", settings: settings)
            store.waitForRecovery()
            try log.startLeaderEpoch(log.highestEpoch + 1)
            logs.append(log)
        }
        while !disk.hasCrashed {
            let number = Int.random(in: 0..<logs.count, using: &generator)
            let filler = String(repeating: "x", count: .random(in: 0...9_000, using: &generator))
            let value = "\(number)/\(written[number].values.count)" + filler
            written[number].values.append(value)
            let isAppended = (try? logs[number].append(batch(value), epoch: logs[number].highestEpoch)) != nil
            if !isAppended { break }
            if Int.random(in: 0..<4, using: &generator) == 0 { store.environment.sync.syncAndWait([logs[number]]) }
            if Int.random(in: 0..<20, using: &generator) == 0 { try? store.checkpoint() }
            for index in logs.indices {
                written[index].acknowledged = max(written[index].acknowledged, logs[index].durableOffset)
            }
        }
    }

    /// Every log holds a prefix of what it was given that reaches at least to what was acknowledged.
    private func check(
        _ directory: TemporaryDirectory, _ disk: FaultyDisk, _ bootID: String, _ settings: LogSettings,
        _ written: inout [Written], _ seed: UInt64
    ) throws {
        let store = try open(directory, disk, bootID)
        defer { store.close() }
        for number in written.indices {
            let id = partition(PartitionIndex(number))
            guard DirectoryListing.isDirectory(StoreLayout(directory.path).partitionPath(id)) else {
                #expect(written[number].acknowledged == 0, "seed \(seed): the partition is gone")
                written[number].values = []
                continue
            }
            let log = try store.open(id, topic: "t", settings: settings)
            store.waitForRecovery()
            #expect(log.state == .online, "seed \(seed)")
            #expect(log.logEndOffset >= written[number].acknowledged, "seed \(seed): acknowledged records are gone")
            let values = try log.records().map(\.text)
            #expect(values == Array(written[number].values.prefix(values.count)), "seed \(seed)")
            #expect(values.count == Int(log.logEndOffset), "seed \(seed)")
            #expect(log.recoveryReport?.lostBelowHighWatermark != true, "seed \(seed)")
            written[number].values = values
        }
    }
}
