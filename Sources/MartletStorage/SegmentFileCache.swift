internal import Synchronization

/// Keeps the sealed segments that were read last open, up to a number of segments that fits the limit on open files.
/// Any thread. Evicting only drops the cache's reference: whoever still reads (a lease) keeps the files open.
final class SegmentFileCache: Sendable {
    private struct Node {
        let segment: Segment
        /// Neighbours in the order of use; 0 stands for none.
        var newer: UInt64
        var older: UInt64
    }

    private struct State {
        var nodes: [UInt64: Node] = [:]
        var newest: UInt64 = 0
        var oldest: UInt64 = 0

        mutating func unlink(_ number: UInt64) -> Segment? {
            guard let node = nodes.removeValue(forKey: number) else { return nil }
            if node.newer == 0 { newest = node.older } else { nodes[node.newer]?.older = node.older }
            if node.older == 0 { oldest = node.newer } else { nodes[node.older]?.newer = node.newer }
            return node.segment
        }

        mutating func linkNewest(_ number: UInt64, _ segment: Segment) {
            nodes[number] = Node(segment: segment, newer: 0, older: newest)
            if newest != 0 { nodes[newest]?.newer = number }
            newest = number
            if oldest == 0 { oldest = number }
        }
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: segments (three descriptors each), at least 1.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { state.withLock { $0.nodes.count } }

    /// The open segment of that number (unique and above 0), opened by `open` when it is not here.
    func segment(_ number: UInt64, open: () throws(StorageError) -> Segment) throws(StorageError) -> Segment {
        if let segment = use(number) { return segment }
        let opened = try open()
        return insert(number, opened)
    }

    /// Whether the segment is open here; does not count as its use.
    func holds(_ number: UInt64) -> Bool {
        state.withLock { $0.newest == number || $0.nodes[number] != nil }
    }

    private func use(_ number: UInt64) -> Segment? {
        state.withLock { state in
            if state.newest == number { return state.nodes[number]?.segment }
            guard let segment = state.unlink(number) else { return nil }
            state.linkNewest(number, segment)
            return segment
        }
    }

    /// Puts an open segment in; the one that another thread put in meanwhile wins.
    @discardableResult
    func insert(_ number: UInt64, _ segment: Segment) -> Segment {
        // Closing files is left to the end of the call, outside the lock.
        var evicted: [Segment] = []
        return state.withLock { state in
            if let present = state.nodes[number] { return present.segment }
            state.linkNewest(number, segment)
            while state.nodes.count > capacity, let old = state.unlink(state.oldest) { evicted.append(old) }
            return segment
        }
    }

    func remove(_ number: UInt64) {
        _ = state.withLock { $0.unlink(number) }
    }

    func removeAll() {
        let nodes = state.withLock { state in
            defer { state = State() }
            return state.nodes
        }
        withExtendedLifetime(nodes) {}
    }
}
