internal import Synchronization

/// The identity of a data directory that no broker runs on, which it holds the lock of as long as it lives. Logs and
/// checkpoints stay as they are: unlike a store, it leaves no trace of a start and a stop.
package final class OfflineIdentity: Sendable {
    private let path: String
    private let lock: Int32
    private let value: Mutex<DirectoryIdentity>

    /// - Throws: `locked` when a broker runs on it, `notFound` when it is no data directory.
    package init(root: String) throws(StorageError) {
        let layout = StoreLayout(root)
        path = layout.identityPath
        // Before the lock, whose file would make any directory look like one.
        guard try DirectoryListing.size(path) != nil else {
            throw StorageError(.notFound, "\(root) is no data directory of a broker: there is no \(path)")
        }
        lock = try LogIO.system.lock(layout.lockPath)
        do throws(StorageError) {
            value = Mutex(try Self.read(path))
        } catch {
            LogIO.system.close(lock)
            throw error
        }
    }

    deinit { LogIO.system.close(lock) }

    package var identity: DirectoryIdentity { value.withLock { $0 } }

    /// Durable on return; on failure nothing changed.
    package func update(_ body: (inout DirectoryIdentity) -> Void) throws(StorageError) {
        try value.withLock { (identity) throws(StorageError) in
            var changed = identity
            body(&changed)
            guard changed != identity else { return }
            try LogIO.system.writeCheckpoint(path, version: DirectoryIdentity.formatVersion, changed.encoded())
            identity = changed
        }
    }

    private static func read(_ path: String) throws(StorageError) -> DirectoryIdentity {
        let file = try LogIO.system.readCheckpoint(path, newest: DirectoryIdentity.formatVersion, limitBytes: 1 << 16)
        guard let file, let identity = DirectoryIdentity(encoded: file.content) else {
            throw StorageError(.corrupt, "\(path) cannot be read: it says whose data the directory holds")
        }
        return identity
    }
}
