internal import MartletCore
internal import Synchronization

/// Letting go of files that nothing is appended to, when many are open.
extension PartitionLog {
    var hasOpenActive: Bool { writer.withLock { $0.active != nil } }

    /// A round of maintenance has passed: what has the same end at the next one is idle.
    func noteRound() {
        writer.withLock { $0.endAtLastRound = logEndOffset }
    }

    /// Closes the active segment when nothing was appended since the last round and all of it is synced. The next
    /// append or read opens it again.
    func closeWhenIdle() throws(StorageError) {
        let closed = try writer.withLock { (writer) throws(StorageError) -> Segment? in
            guard writer.cut == nil, let active = writer.active, writer.endAtLastRound == logEndOffset,
                syncedOffset == logEndOffset
            else {
                return nil
            }
            try active.flushIndex()
            let number = writer.activeNumber
            let isClosed = shared.withLock { shared in
                guard shared.sealing.isEmpty, shared.unsyncedBytes == 0, shared.unsyncedBytesUnderOS == 0 else {
                    return false
                }
                shared.segments.update(number: number) { info in
                    info.endPosition = active.endPosition
                    info.handle = nil
                }
                return true
            }
            guard isClosed else { return nil }
            writer.active = nil
            return active
        }
        withExtendedLifetime(closed) {}
    }
}
