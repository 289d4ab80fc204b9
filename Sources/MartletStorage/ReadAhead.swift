package import MartletCore
internal import Synchronization

/// Reads ranges into the page cache before they are sent: a `sendfile` of what is not there would hold up an event loop,
/// and every connection on it, for as long as the disk takes (RULES 29). On threads of its own, which start with the
/// first range that needs them. Any thread.
package final class ReadAhead: Sendable {
    /// Threads, each with ``pieceBytes`` of memory: as many reads as are under way at once.
    package static let threadsMax = 4
    /// Most orders that wait for a thread. Past that readers get their ranges as they are, and wait for the disk where
    /// they send them.
    package static let waitingMax = 1_024
    /// Read at once, and what a reader that has gone costs at most.
    static let pieceBytes = 256 * 1024

    /// The batches that a ``PartitionLog/read(from:maxBytes:upTo:)`` would find.
    package struct Range: Sendable {
        let log: PartitionLog
        let offset: Offset
        let maxBytes: Int
        let limit: Offset

        package init(_ log: PartitionLog, from offset: Offset, maxBytes: Int, upTo limit: Offset) {
            self.log = log
            self.offset = offset
            self.maxBytes = maxBytes
            self.limit = limit
        }
    }

    private struct Order: Sendable {
        let ranges: [Range]
        let isGivenUp: @Sendable () -> Bool
        let done: @Sendable () -> Void
    }

    /// A part of a file that a thread is at.
    private struct Part {
        let segment: ObjectIdentifier
        let range: Swift.Range<UInt32>
    }

    private struct State {
        var waiting: [Order] = []
        var threads: [StorageThread] = []
        var idle = 0
        var isStopping = false
    }

    private let state = Monitor(State())
    private let underWay = Mutex<[Part]>([])
    /// As many as `underWay` has: most readers need not lock it.
    private let underWayCount = Atomic<Int>(0)

    /// Reads what of the ranges is not in the page cache, then calls `done` on a storage thread, also when a range
    /// cannot be read: who sends it finds out. Nothing more is read once `isGivenUp`.
    ///
    /// - Returns: false when too much waits, or the store is closed; `done` is not called then.
    package func order(
        _ ranges: [Range], unless isGivenUp: @escaping @Sendable () -> Bool, done: @escaping @Sendable () -> Void
    ) -> Bool {
        state.signal { state in
            guard !state.isStopping, state.waiting.count < Self.waitingMax else { return false }
            state.waiting.append(Order(ranges: ranges, isGivenUp: isGivenUp, done: done))
            if state.waiting.count > state.idle, state.threads.count < Self.threadsMax {
                state.threads.append(StorageThread("martlet-ahead") { self.run() })
            }
            return true
        }
    }

    /// Whether part of the range is on the disk only, or on its way from there for another reader. One system call.
    func isNeeded(_ segment: Segment, _ range: Swift.Range<UInt32>) -> Bool {
        guard segment.isCached(range) else { return true }
        guard underWayCount.load(ordering: .relaxed) > 0 else { return false }
        let id = ObjectIdentifier(segment)
        return underWay.withLock { parts in parts.contains { $0.segment == id && $0.range.overlaps(range) } }
    }

    /// Ends the threads. What still waits is called done, unread. Blocks.
    func stop() {
        let (threads, dropped) = state.broadcast { state in
            state.isStopping = true
            defer {
                state.threads = []
                state.waiting = []
            }
            return (state.threads, state.waiting)
        }
        for thread in threads { thread.join() }
        for order in dropped { order.done() }
    }

    private func run() {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 4_096)
        defer { piece.deallocate() }
        while let order = next() {
            for range in order.ranges where !order.isGivenUp() {
                range.log.readAhead(range, piece, unless: order.isGivenUp)
            }
            order.done()
        }
    }

    private func next() -> Order? {
        var isCounted = false
        return state.wait { state in
            if isCounted { state.idle -= 1 }
            isCounted = false
            if state.isStopping { return .done(nil) }
            if !state.waiting.isEmpty { return .done(state.waiting.removeFirst()) }
            state.idle += 1
            isCounted = true
            return .untilChanged
        }
    }

    /// Notes that a thread is at the range while `body` runs.
    fileprivate func reading(_ segment: Segment, _ range: Swift.Range<UInt32>, _ body: () -> Void) {
        let id = ObjectIdentifier(segment)
        underWay.withLock { parts in
            parts.append(Part(segment: id, range: range))
            underWayCount.store(parts.count, ordering: .relaxed)
        }
        body()
        underWay.withLock { parts in
            if let index = parts.firstIndex(where: { $0.segment == id && $0.range == range }) {
                parts.remove(at: index)
            }
            underWayCount.store(parts.count, ordering: .relaxed)
        }
    }
}

extension PartitionLog {
    /// Brings what a read finds into the page cache, by way of `piece`. Whoever reads then finds out what went wrong.
    /// Blocks.
    fileprivate func readAhead(
        _ wanted: ReadAhead.Range, _ piece: UnsafeMutableRawBufferPointer, unless isGivenUp: () -> Bool
    ) {
        guard let read = try? read(from: wanted.offset, maxBytes: wanted.maxBytes, upTo: wanted.limit) else { return }
        let segment = read.lease.segment
        let range = UInt32(read.filePosition)..<UInt32(read.filePosition + read.count)
        guard environment.readAhead.isNeeded(segment, range) else { return }
        environment.counters.coldReads.wrappingAdd(1, ordering: .relaxed)
        environment.readAhead.reading(segment, range) {
            var position = range.lowerBound
            while position < range.upperBound, !isGivenUp() {
                let buffer = UnsafeMutableRawBufferPointer(
                    rebasing: piece.prefix(Int(range.upperBound - position)))
                guard let count = try? segment.read(at: position, into: buffer), count > 0 else { return }
                environment.counters.readAheadBytes.wrappingAdd(count, ordering: .relaxed)
                position += UInt32(count)
            }
        }
    }
}
