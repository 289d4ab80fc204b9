package import NIOCore
import Synchronization

/// A pool of bytes that frames are charged to before their bodies are read. Any thread.
///
/// Who finds the pool empty waits in line: first come, first served, whatever the sizes, so that a large frame is never
/// overtaken for ever by small ones. A wait ends on the event loop it was begun for.
package final class MemoryBudget: Sendable {
    private struct Waiter {
        var ticket: UInt64
        var bytes: Int
        var loop: any EventLoop
        var granted: @Sendable () -> Void
    }

    private struct State {
        var used = 0
        var usedMax = 0
        var nextTicket: UInt64 = 1
        var waiters: CircularBuffer<Waiter> = []
    }

    /// What the whole pool holds, in bytes.
    package let capacity: Int
    private let state = Mutex(State())
    /// Whether somebody waits; read without the lock before each read from a socket.
    private let hasWaiters = Atomic(false)
    /// Bytes that connections had read already when they were stopped. Beside the pool: if they counted in it, those
    /// who wait could fill it themselves, and nobody would ever be served.
    private let heldBytes = Atomic(0)

    package static let defaultCapacity = 256 << 20

    package init(capacity: Int = MemoryBudget.defaultCapacity) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// Sockets are to be read in small pieces, of which little is left when a connection must be stopped: somebody
    /// waits, or stopped connections hold an eighth of the pool's size.
    var isTight: Bool {
        isWanted || heldBytes.load(ordering: .relaxed) >= capacity / 8
    }

    /// Somebody waits in line.
    var isWanted: Bool { hasWaiters.load(ordering: .relaxed) }

    /// Notes that a stopped connection holds `change` more bytes (or fewer) of what it had read.
    func noteHeld(_ change: Int) {
        heldBytes.wrappingAdd(change, ordering: .relaxed)
    }

    package struct Usage: Sendable, Equatable {
        package var usedBytes: Int
        /// The most that was ever used.
        package var usedBytesMax: Int
        package var waiting: Int
        /// Bytes read before their connections were stopped; beside ``usedBytes``.
        package var heldBytes = 0
    }

    package var usage: Usage {
        var usage = state.withLock {
            Usage(usedBytes: $0.used, usedBytesMax: $0.usedMax, waiting: $0.waiters.count)
        }
        usage.heldBytes = heldBytes.load(ordering: .relaxed)
        return usage
    }

    package enum Reservation: Sendable, Equatable {
        case granted
        /// `granted` will run; ``cancelWait(_:)`` takes it back.
        case waiting(ticket: UInt64)
        /// More than the whole pool: will never be granted.
        case tooLarge
    }

    /// Takes `bytes` out of the pool now, or calls `granted` on `loop` once it has. Give back with ``release(_:)``.
    package func reserve(
        _ bytes: Int, on loop: any EventLoop, granted: @escaping @Sendable () -> Void
    ) -> Reservation {
        guard bytes <= capacity else { return .tooLarge }
        return state.withLock { state in
            if state.waiters.isEmpty && state.used + bytes <= capacity {
                state.used += bytes
                state.usedMax = max(state.usedMax, state.used)
                return .granted
            }
            let ticket = state.nextTicket
            state.nextTicket += 1
            state.waiters.append(Waiter(ticket: ticket, bytes: bytes, loop: loop, granted: granted))
            hasWaiters.store(true, ordering: .relaxed)
            return .waiting(ticket: ticket)
        }
    }

    /// Leaves the line. False: the bytes had been granted already (its callback is on its way), and are the caller's to
    /// release.
    package func cancelWait(_ ticket: UInt64) -> Bool {
        let (found, ready) = state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.ticket == ticket }) else {
                return (false, [Waiter]())
            }
            state.waiters.remove(at: index)
            return (true, grant(&state))
        }
        wake(ready)
        return found
    }

    /// Puts `bytes` back and serves the line.
    package func release(_ bytes: Int) {
        let ready = state.withLock { state in
            precondition(state.used >= bytes, "released \(bytes) bytes of \(state.used) in use")
            state.used -= bytes
            return state.waiters.isEmpty ? [] : grant(&state)
        }
        wake(ready)
    }

    private func grant(_ state: inout State) -> [Waiter] {
        var ready: [Waiter] = []
        while let first = state.waiters.first, state.used + first.bytes <= capacity {
            state.used += first.bytes
            ready.append(state.waiters.removeFirst())
        }
        state.usedMax = max(state.usedMax, state.used)
        hasWaiters.store(!state.waiters.isEmpty, ordering: .relaxed)
        return ready
    }

    private func wake(_ ready: [Waiter]) {
        for waiter in ready {
            waiter.loop.execute(waiter.granted)
        }
    }
}

/// Bytes taken from a ``MemoryBudget``, given back once: by ``release()`` or when nobody holds this any more. Any
/// thread.
final class BudgetShare: Sendable {
    private let budget: MemoryBudget
    private let bytes: Atomic<Int>

    init(_ bytes: Int, of budget: MemoryBudget) {
        self.budget = budget
        self.bytes = Atomic(bytes)
    }

    func release() {
        let held = bytes.exchange(0, ordering: .relaxed)
        if held > 0 {
            budget.release(held)
        }
    }

    deinit {
        release()
    }
}
