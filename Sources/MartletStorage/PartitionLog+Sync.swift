internal import MartletCore
internal import Synchronization

/// Whose turn a log is: one cycle at a time works on it, of whichever stage.
enum SyncTurn {
    static let free = 0
    static let taken = 1
    /// Another cycle came by meanwhile and is owed one.
    static let owed = 2
}

/// The log's side of the sync stages; on their threads.
extension PartitionLog {
    /// The next cycle syncs the active segment whatever the policy. False when that is asked for already.
    @discardableResult
    func wantFullSync() -> Bool {
        !wantsFullSync.exchange(true, ordering: .acquiringAndReleasing)
    }

    /// Nothing more will be synced: offline, or not open yet.
    var isOutOfService: Bool {
        if case .online = state { false } else { true }
    }

    /// Notes what a cycle has to do; nil when that is nothing, or another cycle is at it: then there will be one more.
    func prepareSync() -> SyncWork? {
        guard takeTurn() else { return nil }
        // Cleared before the end is noted: an append that comes between makes the log dirty again, for the next cycle.
        isDirty.store(false, ordering: .sequentiallyConsistent)
        let isFull = wantsFullSync.exchange(false, ordering: .acquiringAndReleasing)
        let syncsActive = isFull || settings.flush != .os
        guard case .online = state else {
            giveUpUnsynced()
            endSyncCycle()
            return nil
        }
        let work = shared.withLock { takeWork(&$0, syncsActive) }
        if work == nil { endSyncCycle() }
        return work
    }

    /// What will never be synced weighs on nobody.
    func giveUpUnsynced() {
        let (bytes, bytesUnderOS) = shared.withLock { shared in
            defer {
                shared.unsyncedBytes = 0
                shared.unsyncedBytesUnderOS = 0
            }
            return (shared.unsyncedBytes, shared.unsyncedBytesUnderOS)
        }
        environment.sync.backPressure.synced(bytes)
        environment.sync.backPressure.syncedUnderOS(bytesUnderOS)
    }

    private func takeWork(_ shared: inout LogSharedState, _ syncsActive: Bool) -> SyncWork? {
        let sealing = shared.sealing
        shared.sealing = []
        var work = SyncWork(log: self, sealing: sealing, active: nil, mark: shared.synced)
        if syncsActive {
            work.active = shared.tail.offset > shared.recoveryPoint.offset ? shared.segments.last?.handle : nil
            work.mark = shared.tail
            work.unsyncedBytes = shared.unsyncedBytes
            shared.unsyncedBytes = 0
            work.unsyncedBytesUnderOS = shared.unsyncedBytesUnderOS
            shared.unsyncedBytesUnderOS = 0
        } else if let last = shared.segments.last {
            // With all before it sealed, everything below the active segment is durable.
            work.mark = LogMark(offset: last.baseOffset, segment: last.number, position: 0)
        }
        return work.sealing.isEmpty && work.active == nil && work.unsyncedBytes == 0 ? nil : work
    }

    private func takeTurn() -> Bool {
        while true {
            let (isTaken, turn) = syncTurn.compareExchange(
                expected: SyncTurn.free, desired: SyncTurn.taken, ordering: .acquiringAndReleasing
            )
            if isTaken { return true }
            if turn == SyncTurn.owed { return false }
            let (isOwed, _) = syncTurn.compareExchange(
                expected: SyncTurn.taken, desired: SyncTurn.owed, ordering: .acquiringAndReleasing
            )
            if isOwed { return false }
        }
    }

    /// The turn, unless it is somebody's; nobody is owed one then.
    func takeTurnIfFree() -> Bool {
        syncTurn.compareExchange(
            expected: SyncTurn.free, desired: SyncTurn.taken, ordering: .acquiringAndReleasing
        ).exchanged
    }

    func endSyncCycle() {
        let turn = syncTurn.exchange(SyncTurn.free, ordering: .acquiringAndReleasing)
        if turn == SyncTurn.owed { environment.sync.enqueue(self) }
    }

    /// Publishes what the cycle achieved. A failed sync takes the log offline: what is on disk is unknown (RULES 8).
    func finishSync(_ work: SyncWork, _ outcome: SyncOutcome) {
        if let failure = outcome.failure {
            goOffline(after: failure)
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
