internal import MartletCore
internal import Synchronization

/// The log's side of the sync stage; on its threads.
extension PartitionLog {
    func wantFullSync() {
        wantsFullSync.store(true, ordering: .releasing)
    }

    /// Notes what a cycle has to do; nil when that is nothing, or the log is in the cycle already.
    func prepareSync() -> SyncWork? {
        guard !isInSyncCycle.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
        // Cleared before the end is noted: an append that comes between makes the log dirty again, for the next cycle.
        isDirty.store(false, ordering: .sequentiallyConsistent)
        let isFull = wantsFullSync.exchange(false, ordering: .acquiringAndReleasing)
        let syncsActive = isFull || settings.flush != .os
        let work = shared.withLock { takeWork(&$0, syncsActive) }
        if work == nil { isInSyncCycle.store(false, ordering: .releasing) }
        return work
    }

    private func takeWork(_ shared: inout LogSharedState, _ syncsActive: Bool) -> SyncWork? {
        guard case .online = state else { return nil }
        let sealing = shared.sealing
        shared.sealing = []
        var work = SyncWork(log: self, sealing: sealing, active: nil, mark: shared.synced, unsyncedBytes: 0)
        if syncsActive {
            work.active = shared.tail.offset > shared.recoveryPoint.offset ? shared.segments.last?.handle : nil
            work.mark = shared.tail
            work.unsyncedBytes = shared.unsyncedBytes
            shared.unsyncedBytes = 0
            environment.sync.backPressure.syncedUnderOS(shared.unsyncedBytesUnderOS)
            shared.unsyncedBytesUnderOS = 0
        } else if let last = shared.segments.last {
            // With all before it sealed, everything below the active segment is durable.
            work.mark = LogMark(offset: last.baseOffset, segment: last.number, position: 0)
        }
        return work.sealing.isEmpty && work.active == nil && work.unsyncedBytes == 0 ? nil : work
    }

    func endSyncCycle() {
        isInSyncCycle.store(false, ordering: .releasing)
    }

    /// Publishes what the cycle achieved. A failed sync takes the log offline: what is on disk is unknown (RULES 8).
    func finishSync(_ work: SyncWork, _ outcome: SyncOutcome) {
        if let failure = outcome.failure {
            goOffline(failure.message)
            return
        }
        let isSealed = outcome.sealed.count == work.sealing.count
        shared.withLock { shared in
            for number in outcome.sealed {
                shared.segments.update(number: number) { info in
                    info.isSealed = true
                    info.handle = nil
                }
            }
            if !isSealed {
                shared.sealing.insert(contentsOf: work.sealing.filter { !outcome.sealed.contains($0.number) }, at: 0)
            }
            if work.mark.offset >= shared.synced.offset { shared.synced = work.mark }
            // Recovery trusts every segment before this point to be trimmed.
            if isSealed && work.mark.offset >= shared.recoveryPoint.offset { shared.recoveryPoint = work.mark }
        }
        for (number, segment) in work.sealing where outcome.sealed.contains(number) {
            environment.cache.insert(number, segment)
        }
        publishSynced(work.mark.offset)
    }
}
