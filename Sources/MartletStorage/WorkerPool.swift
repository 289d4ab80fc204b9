internal import Synchronization

/// Threads that run the pieces of one job side by side. Threads start with the first job that needs them.
final class WorkerPool: Sendable {
    private struct State {
        var jobs: [Job] = []
        var threads: [StorageThread] = []
        var isStopping = false
    }

    /// One call of `forEach`. Pieces are taken by number; the last one to finish wakes the caller.
    private final class Job: Sendable {
        let count: Int
        let body: @Sendable (Int) -> Void
        let next = Atomic<Int>(0)
        let finished = Monitor(0)

        init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
            self.count = count
            self.body = body
        }

        /// Works until no piece is left to take.
        func work() {
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
                finished.broadcast { $0 += 1 }
            }
        }

        func waitUntilFinished() {
            finished.wait { $0 == count ? .done(()) : .untilChanged }
        }
    }

    private let state = Monitor(State())
    private let name: String
    private let width: Int

    /// - Parameter width: most pieces that run at once, the caller's thread included.
    init(name: String, width: Int) {
        self.name = name
        self.width = width
    }

    /// Runs `body` for 0..<count and returns when all are done. The calling thread takes its share.
    func forEach(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        guard count > 1 else {
            if count == 1 { body(0) }
            return
        }
        let job = Job(count, body)
        let helpers = min(count, width) - 1
        state.broadcast { state in
            for _ in 0..<helpers { state.jobs.append(job) }
            while state.threads.count < helpers { state.threads.append(StorageThread(name) { self.run() }) }
        }
        job.work()
        job.waitUntilFinished()
    }

    private func run() {
        while true {
            let job: Job? = state.wait { state in
                if let job = state.jobs.popLast() { return .done(job) }
                return state.isStopping ? .done(nil) : .untilChanged
            }
            guard let job else { return }
            job.work()
        }
    }

    /// Ends the threads. No call of `forEach` may be under way or follow.
    func stop() {
        let threads = state.broadcast { state in
            state.isStopping = true
            defer { state.threads = [] }
            return state.threads
        }
        for thread in threads { thread.join() }
    }
}
