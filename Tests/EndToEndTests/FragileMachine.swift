import CMartletFaultyIO
import Martlet
import MartletStorage
import MartletTestSupport
import TestDisk

/// A broker and the machine it runs on, whose power can be cut. The broker's logs are on a disk that then loses a subset
/// of what was not synced (RULES 30); the metadata's journal, which has tests of its own, is on one that keeps
/// everything. Used by one task.
final class FragileMachine {
    let disk: FaultyDisk
    let address: BrokerAddress
    private let directory: String
    private var boots = 0
    private var broker: LiveBroker?

    init(in directory: String) throws {
        self.directory = directory + "/data"
        disk = FaultyDisk(for: directory + "/data")
        address = BrokerAddress(host: "127.0.0.1", port: try FreePort.find())
    }

    var client: ClientConfiguration { ClientConfiguration(bootstrap: [address]) }

    /// Starts the machine and the broker on it. False: the power went before that served.
    func boot() async throws -> Bool {
        boots += 1
        var storage = LogStoreOptions(logger: quiet)
        storage.io = disk.io
        storage.bootID = "boot \(boots)"
        storage.checkpointInterval = .milliseconds(200)
        do {
            broker = try await LiveBroker.start(in: directory, port: address.port, graceMs: 0, storage: storage)
            return true
        } catch {
            guard disk.hasCrashed else { throw error }
            return false
        }
    }

    /// Returns when nothing reaches the disk any more.
    func waitForCrash() async throws {
        let hasCrashed = try await BlockingThread.run { [disk] in disk.waitForCrash(atMostMs: 60_000) }
        guard hasCrashed else { throw TestFailure("nothing is written: the disk does not crash") }
    }

    /// Ends the broker and cuts the power. How many unsynced pages and names that took.
    func losePower(seed: UInt64) async throws -> UInt64 {
        try await stop()
        let loss = disk.losePower(seed: seed)
        return loss.pages_dropped + loss.entries_dropped
    }

    /// A clean stop, unless the disk has crashed.
    func stop() async throws {
        do { try await broker?.stop() } catch { if !disk.hasCrashed { throw error } }
        broker = nil
    }

    /// Returns what the broker complains of once it has recovered all its partitions.
    func troubles() async throws -> [String] {
        try await withAdmin(client, logger: quiet) { admin in
            while true {
                let status = try await admin.brokerStatus()
                if status.partitionsRecovering == 0 { return status.troubles.map { "\($0)" } }
            }
        }
    }
}
