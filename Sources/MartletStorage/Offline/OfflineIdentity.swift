/// The identity of a data directory that no broker runs on, which it holds the lock of as long as it lives. Logs and
/// checkpoints stay as they are: unlike a store, it leaves no trace of a start and a stop.
package final class OfflineIdentity: Sendable {
    private let lock: Int32
    private let file: IdentityFile

    /// - Throws: `locked` when a broker runs on it, `notFound` when it is no data directory.
    package init(root: String) throws(StorageError) {
        let layout = StoreLayout(root)
        let path = layout.identityPath
        let none = StorageError(.notFound, "\(root) is no data directory of a broker: there is no \(path)")
        // Before the lock, whose file would make any directory look like one.
        guard try DirectoryListing.size(path) != nil else { throw none }
        lock = try LogIO.system.lock(layout.lockPath)
        do throws(StorageError) {
            guard let file = try IdentityFile.read(path, .system) else { throw none }
            self.file = file
        } catch {
            LogIO.system.close(lock)
            throw error
        }
    }

    deinit { LogIO.system.close(lock) }

    package var identity: DirectoryIdentity { file.identity }

    /// Durable on return; on failure nothing changed.
    package func update(_ body: (inout DirectoryIdentity) -> Void) throws(StorageError) { try file.update(body) }
}
