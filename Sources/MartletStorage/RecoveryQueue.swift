internal import Logging
internal import Synchronization

/// Recovers logs side by side on threads that end when there is nothing left to recover.
final class RecoveryQueue: Sendable {
    private struct State {
        var waiting: [LogRecovery] = []
        var running = 0
        var threads: [StorageThread] = []
        var isStopping = false
    }

    private let state = Monitor(State())
    private let width: Int
    private let logger: Logger

    init(threads: Int, logger: Logger) {
        width = max(1, threads)
        self.logger = logger
    }

    func add(_ recovery: LogRecovery) {
        state.withLock { state in
            guard !state.isStopping else { return }
            state.waiting.append(recovery)
            guard state.running < width else { return }
            state.running += 1
            state.threads.append(StorageThread("martlet-recover") { self.run() })
        }
    }

    private func run() {
        while true {
            let next = state.broadcast { state -> LogRecovery? in
                if state.isStopping || state.waiting.isEmpty {
                    state.running -= 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let next else { return }
            recover(next)
        }
    }

    private func recover(_ recovery: LogRecovery) {
        do throws(StorageError) {
            recovery.log.goOnline(try recovery.run())
        } catch {
            recovery.log.facts.withLock { $0 = recovery.facts(of: error) }
            recovery.log.goOffline(error.message)
        }
    }

    /// Returns when no log is being recovered or waits for it.
    func waitUntilIdle() {
        state.wait { $0.running == 0 && $0.waiting.isEmpty ? .done(()) : .untilChanged }
    }

    /// Ends the threads after the logs that they are at. The rest is recovered at the next start.
    func stop() {
        let threads = state.broadcast { state in
            state.isStopping = true
            state.waiting = []
            defer { state.threads = [] }
            return state.threads
        }
        for thread in threads { thread.join() }
    }
}
