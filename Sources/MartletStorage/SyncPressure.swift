internal import Synchronization

/// Counts bytes that were appended and wait to be synced. Past the limit, whoever reads from producers has to stop
/// until half of it is synced. Any thread.
package final class SyncPressure: Sendable {
    private let bytesMax: Int
    private let unsynced = Atomic<Int>(0)
    private let unaccounted = Atomic<Int>(0)
    private let waiters = Mutex<[@Sendable () -> Void]>([])

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Bytes under `flush=batch` and `interval` that are not yet durable.
    package var unsyncedBytes: Int { unsynced.load(ordering: .relaxed) }

    /// Whether producers have to be held back now.
    package var isHigh: Bool { unsyncedBytes > bytesMax }

    /// Calls `body` once, when the pressure has gone: at once when there is none, else on a sync thread; it must not
    /// block.
    package func whenRelieved(_ body: @escaping @Sendable () -> Void) {
        let waits = waiters.withLock { waiters in
            guard isHigh else { return false }
            waiters.append(body)
            return true
        }
        if !waits { body() }
    }

    func appended(_ bytes: Int) {
        unsynced.wrappingAdd(bytes, ordering: .relaxed)
    }

    func synced(_ bytes: Int) {
        guard bytes > 0 else { return }
        let left = unsynced.wrappingSubtract(bytes, ordering: .relaxed).newValue
        guard left <= bytesMax / 2 else { return }
        let relieved = waiters.withLock { waiters in
            defer { waiters = [] }
            return waiters
        }
        for body in relieved { body() }
    }

    // MARK: Bytes under `flush=os`

    /// Appended under `os` since the last sync of the file system: what a `syncfs` would have to wait for.
    var unaccountedBytes: Int { unaccounted.load(ordering: .relaxed) }

    func appendedUnderOS(_ bytes: Int) {
        unaccounted.wrappingAdd(bytes, ordering: .relaxed)
    }

    func syncedUnderOS(_ bytes: Int) {
        unaccounted.wrappingSubtract(bytes, ordering: .relaxed)
    }

}
