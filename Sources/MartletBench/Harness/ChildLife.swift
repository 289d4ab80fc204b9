import Foundation
import Synchronization

/// From the start of a program to its end, which comes with this one's interruption at the latest. Any thread.
final class ChildLife: Sendable {
    private enum State: Sendable {
        case starting
        case running(pid: Int32)
        case ended
    }

    let pid: Int32
    let startedAt: ContinuousClock.Instant
    private let ended: AsyncStream<Void>
    private let state: Shared

    /// Apart from the object, so that the process's end needs no reference to it.
    private final class Shared: Sendable {
        let state = Mutex(State.starting)
        func kill(_ signal: Int32) {
            state.withLock { state in
                // A number whose process is gone may belong to another by now.
                if case .running(let pid) = state { Foundation.kill(pid, signal) }
            }
        }
    }

    /// Runs what `process` describes.
    init(starting process: Process) throws {
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        let shared = Shared()
        let leftover = Leftovers.ofProgram.add { shared.kill(SIGKILL) }
        process.terminationHandler = { _ in
            shared.state.withLock { $0 = .ended }
            Leftovers.ofProgram.settle(leftover)
            continuation.finish()
        }
        startedAt = .now
        do {
            try process.run()
        } catch {
            Leftovers.ofProgram.settle(leftover)
            throw error
        }
        let pid = process.processIdentifier
        shared.state.withLock { state in
            if case .starting = state { state = .running(pid: pid) }
        }
        self.pid = pid
        self.ended = ended
        state = shared
    }

    /// Nothing when it is gone.
    func signal(_ number: Int32) { state.kill(number) }

    /// Returns when it is gone, or the task is cancelled.
    func waitUntilEnded() async {
        for await _ in ended {}
    }
}
