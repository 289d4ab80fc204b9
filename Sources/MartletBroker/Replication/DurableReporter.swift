internal import MartletCore
internal import NIOCore
internal import Synchronization

/// Tells a leader what has become durable here, at once, but for many partitions together (RULES 13). Any thread.
final class DurableReporter: Sendable {
    private struct State {
        var items: [TopicIDPartition: DurableReport.Item] = [:]
        var isScheduled = false
    }

    private let peer: any Peer
    private let own: ReplicaIdentity
    private let state = Mutex(State())

    init(peer: any Peer, own: ReplicaIdentity) {
        self.peer = peer
        self.own = own
    }

    func add(_ item: DurableReport.Item) {
        let mustSchedule = state.withLock { state in
            if let former = state.items[item.id],
                (former.leaderEpoch, former.incarnation) > (item.leaderEpoch, item.incarnation)
            {
                return false
            }
            state.items[item.id] = item
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        // What other partitions of the same sync have to say comes before the loop's next turn.
        if mustSchedule { peer.loop.execute { self.send() } }
    }

    private func send() {
        let items = state.withLock { state in
            defer {
                state.items = [:]
                state.isScheduled = false
            }
            return Array(state.items.values)
        }
        peer.reportDurable(DurableReport(replica: own, items: items))
    }
}
