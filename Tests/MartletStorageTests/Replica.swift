import MartletCore
import Synchronization
import TestDisk
import Testing

@testable import MartletStorage

/// A store with one partition, which can be restarted, and the moves of the replication protocol between two of them.
final class Replica {
    // Before the disk, which their files are closed through.
    private(set) var log: PartitionLog
    private(set) var store: LogStore
    private var settings: LogSettings
    let clock = ManualClock()
    private var boots = 0
    /// How often it had what its leader did not.
    private(set) var cuts = 0
    let disk: FaultyDisk
    let directory: TemporaryDirectory

    init(settings: LogSettings = LogSettings(segmentBytes: 600)) throws {
        directory = TemporaryDirectory()
        disk = FaultyDisk(for: directory.path)
        self.settings = settings
        store = try Self.open(directory, disk, clock, boot: 0)
        log = try store.create(partition(), topic: "t", settings: settings)
    }

    deinit {
        store.close()
    }

    private static func open(
        _ directory: TemporaryDirectory, _ disk: FaultyDisk, _ clock: ManualClock, boot: Int, tellsLoss: Bool = true
    ) throws -> LogStore {
        var options = testOptions(clock: clock, io: disk.io)
        options.bootID = "boot \(boot)"
        let store = try LogStore(directory: directory.path, options: options)
        if tellsLoss { store.startBackground() }
        return store
    }

    enum Stop {
        case clean
        /// The process is killed: nothing that was written is lost.
        case kill
        /// Any of what was not synced is lost.
        case powerCut(seed: UInt64)
    }

    /// Stops the broker so, lets `whileDown` at the files, and starts it again; without `tellsLoss` not so far that others
    /// know what the start may have lost.
    func restart(
        _ stop: Stop, settings changed: LogSettings? = nil, tellsLoss: Bool = true, whileDown: () throws -> Void = {}
    ) throws {
        settings = changed ?? settings
        switch stop {
        case .clean: store.close()
        case .kill:
            disk.crash(afterChanges: 0)
            store.close()
            disk.restart()
        case .powerCut(let seed):
            disk.crash(afterChanges: 0)
            store.close()
            disk.losePower(seed: seed)
            boots += 1
        }
        try whileDown()
        store = try Self.open(directory, disk, clock, boot: boots, tellsLoss: tellsLoss)
        log = try store.open(partition(), topic: "t", settings: settings)
        store.waitForRecovery()
        guard case .online = log.state else { throw StorageError(.corrupt, "after the restart: \(log.state)") }
    }

    func sync() {
        store.environment.sync.syncAndWait([log])
    }

    /// Leads at `epoch` and appends.
    func lead(_ epoch: LeaderEpoch, _ values: String...) throws {
        if log.writer.withLock({ $0.currentEpoch }) != epoch { try log.startLeaderEpoch(epoch) }
        for value in values { try log.append(batch(value), epoch: epoch) }
    }

    /// As a follower does at a new epoch: compares epochs, truncates to where the logs part, and copies the rest.
    func follow(_ leader: Replica, _ epoch: LeaderEpoch, maxBytes: Int = 1 << 20) throws {
        try log.startFollowing(epoch)
        try cutToShared(leader, epoch)
        while log.logEndOffset < leader.log.logEndOffset {
            let bytes = try #require(
                try leader.log.read(from: log.logEndOffset, maxBytes: maxBytes, upTo: .max)
            ).bytes()
            let result = try take(bytes, epoch, mayHaveGaps: leader.log.mayHaveGaps)
            if let refused = result.refused { throw refused }
        }
    }

    /// RULES 16: the end of the largest epoch that both share.
    func cutToShared(_ leader: Replica, _ epoch: LeaderEpoch) throws {
        while log.logEndOffset > log.logStartOffset {
            let own = log.lastEpoch
            guard let theirs = leader.log.epochEnd(for: own) else {
                try log.resetTo(startOffset: leader.log.logStartOffset, leaderEpoch: epoch)
                return
            }
            let shared = log.epochEnd(for: theirs.epoch)?.endOffset ?? log.logStartOffset
            let end = min(theirs.endOffset, shared)
            if end >= log.logEndOffset { return }
            _ = try log.truncate(to: end, leaderEpoch: epoch)
            cuts += 1
            if theirs.epoch == own { return }
        }
    }

    @discardableResult
    func take(
        _ bytes: [UInt8], _ epoch: LeaderEpoch, mayHaveGaps: Bool = false, isKeptCached: Bool = true
    ) throws -> FollowerAppendResult {
        try bytes.withUnsafeBytes {
            try log.appendAsFollower(
                $0, leaderEpoch: epoch, mayHaveGaps: mayHaveGaps, isKeptCached: isKeptCached, now: 1_700_000_000_000)
        }
    }

    var values: [String] {
        get throws { try log.records().map(\.text) }
    }

    /// Every byte from `offset` on.
    func bytes(from offset: Offset? = nil) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var next = offset ?? log.logStartOffset
        while let read = try log.read(from: next, maxBytes: 1 << 20, upTo: .max) {
            bytes += read.bytes()
            next = read.nextOffset
        }
        return bytes
    }
}
