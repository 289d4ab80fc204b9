internal import Synchronization

/// Takes the changes of in-sync sets that partitions want to the control plane: one call for as many as have come
/// together, so that a follower's death costs its leaders few transactions. Any thread.
final class InSyncQueue: Sendable {
    private struct State {
        var waiting: [(partition: Partition, change: InSyncChange)] = []
        var isRunning = false
    }

    private let state = Mutex(State())
    private let counters: ReplicationCounters
    private let elapsed: @Sendable () -> Duration

    init(counters: ReplicationCounters, elapsed: @escaping @Sendable () -> Duration) {
        self.counters = counters
        self.elapsed = elapsed
    }

    func add(_ change: InSyncChange, of partition: Partition, for control: any ReplicationControl) {
        let mustRun = state.withLock { state in
            state.waiting.append((partition, change))
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustRun { Task { await self.run(control) } }
    }

    private func run(_ control: any ReplicationControl) async {
        while let batch = next() {
            let outcomes = await control.propose(batch.map(\.change))
            for (entry, outcome) in zip(batch, outcomes) {
                if case .committed = outcome { counters.changedInSync(entry.change) }
                entry.partition.resolve(entry.change, outcome, at: elapsed())
            }
        }
    }

    private func next() -> [(partition: Partition, change: InSyncChange)]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
