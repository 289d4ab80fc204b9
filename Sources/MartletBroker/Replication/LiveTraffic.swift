internal import Synchronization

/// What a broker does for clients now: what copying for replicas that are behind makes room for.
package struct LiveTraffic: Sendable, Equatable {
    /// Clients produce or consume here, or what they produce elsewhere is copied for replicas that are in sync.
    package var isThere: Bool
    /// What clients produce to partitions that the broker leads, in bytes a second.
    package var producedPerSecond: Int

    package init(isThere: Bool, producedPerSecond: Int) {
        self.isThere = isThere
        self.producedPerSecond = producedPerSecond
    }

    package static let none = LiveTraffic(isThere: false, producedPerSecond: 0)
}

/// Tells a broker's ``LiveTraffic`` from its counters: nothing is done for it on the data path. Any thread.
final class LiveTrafficMeter: Sendable {
    /// Looked at more often, it says what it said before.
    static let interval = Duration.milliseconds(100)
    /// What goes on always (offsets that are committed, a record now and then) is no traffic, in bytes a second.
    static let noise = 16 << 10

    private struct State {
        var looked: Duration?
        var produced = 0
        var total = 0
        var traffic = LiveTraffic.none
    }

    private let counters: BrokerCounters
    private let copied = Atomic<Int>(0)
    private let state = Mutex(State())

    init(_ counters: BrokerCounters) {
        self.counters = counters
    }

    /// For a replica that is in sync.
    func copied(bytes: Int) { copied.wrappingAdd(bytes, ordering: .relaxed) }

    /// Since it was asked before, but for at least an interval.
    func traffic(at now: Duration) -> LiveTraffic {
        state.withLock { state in
            if let looked = state.looked, now - looked < Self.interval { return state.traffic }
            let counted = counters.snapshot
            let total = counted.bytesIn + counted.bytesOut + copied.load(ordering: .relaxed)
            if let looked = state.looked {
                let seconds = (now - looked) / .seconds(1)
                state.traffic = LiveTraffic(
                    isThere: Double(total - state.total) / seconds >= Double(Self.noise),
                    producedPerSecond: Int(Double(counted.bytesIn - state.produced) / seconds))
            }
            state.looked = now
            state.produced = counted.bytesIn
            state.total = total
            return state.traffic
        }
    }
}
