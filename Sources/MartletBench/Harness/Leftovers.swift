import Foundation
import Synchronization

/// What must be gone when this program ends: processes, directories, networks. Scenarios take their own away; what an
/// interruption leaves goes from here, the newest first. Any thread.
final class Leftovers: Sendable {
    /// Of this program.
    static let ofProgram = Leftovers()

    private struct State {
        var removals: [(id: Int, remove: @Sendable () -> Void)] = []
        var nextID = 0
        var isOver = false
    }

    private let state = Mutex(State())

    init() {}

    /// `remove` is called when the program is interrupted, unless ``settle(_:)`` was called before. At once when it is
    /// being interrupted already.
    func add(_ remove: @escaping @Sendable () -> Void) -> Int {
        let id: Int? = state.withLock { state in
            guard !state.isOver else { return nil }
            state.nextID += 1
            state.removals.append((state.nextID, remove))
            return state.nextID
        }
        if id == nil { remove() }
        return id ?? 0
    }

    /// It is gone already.
    func settle(_ id: Int) {
        state.withLock { $0.removals.removeAll { $0.id == id } }
    }

    /// Removes everything, and whatever is still added from now on.
    func removeAll() {
        let removals = state.withLock { state in
            defer { state.removals = [] }
            state.isOver = true
            return state.removals
        }
        for removal in removals.reversed() { removal.remove() }
    }
}

/// While it lives, Ctrl-C and SIGTERM remove what is left and end the program with the usual 128 + signal.
final class Interruption {
    private let sources: [any DispatchSourceSignal]

    init(_ leftovers: Leftovers) {
        let queue = DispatchQueue(label: "martlet-bench.signals", qos: .userInitiated)
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                leftovers.removeAll()
                _exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }
}
