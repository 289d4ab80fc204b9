internal import MartletStorage
internal import NIOCore
internal import Synchronization

/// Holds produce calls back while too many appended bytes wait to be synced.
///
/// A call that is held keeps what it took of the memory budget; once that is used up, connections are no longer read, and so the
/// wait reaches the producers. Calls of one event loop go on in the order in which they came. Any thread.
final class ProduceGate: Sendable {
    private struct Held {
        var loop: any EventLoop
        var body: @Sendable () -> Void
    }

    private let pressure: SyncPressure
    private let held = Mutex<[Held]>([])
    /// Calls that were held and have not run yet. Later ones queue behind them.
    private let waiting = Atomic<Int>(0)

    init(pressure: SyncPressure) {
        self.pressure = pressure
    }

    /// Runs `body` on `loop`, the calling one: now, or when the disk has caught up.
    func enter(on loop: any EventLoop, _ body: @escaping @Sendable () -> Void) {
        if waiting.load(ordering: .relaxed) == 0, !pressure.isHigh { return body() }
        waiting.wrappingAdd(1, ordering: .relaxed)
        let isFirst = held.withLock { held in
            held.append(Held(loop: loop, body: body))
            return held.count == 1
        }
        if isFirst { pressure.whenRelieved { [self] in release() } }
    }

    private func release() {
        let released = held.withLock { held in
            defer { held = [] }
            return held
        }
        for call in released {
            call.loop.execute { [self] in
                call.body()
                waiting.wrappingSubtract(1, ordering: .relaxed)
            }
        }
    }
}
