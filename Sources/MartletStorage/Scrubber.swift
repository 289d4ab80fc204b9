internal import Logging
package import MartletCore
internal import Synchronization

/// A batch at rest that no longer is what was written.
package struct CorruptionReport: Sendable, Equatable {
    package var partition: TopicIDPartition
    package var path: String
    /// Of the first bad byte's batch; what follows it in the segment was not looked at.
    package var position: UInt32
    package var message: String
}

/// Reads sealed segments again and again at a bounded rate and checks every batch. What it finds is logged and listed,
/// once; the partition goes on serving, and readers refuse the batch.
final class Scrubber: Sendable {
    private static let stepBytes = 1 << 20

    private struct State {
        var isStopping = false
        var thread: StorageThread?
    }

    private let registry: LogRegistry
    private let environment: LogEnvironment
    private let bytesPerSecond: Int
    private let state = Monitor(State())
    private let found = Mutex<[UInt64: CorruptionReport]>([:])

    init(registry: LogRegistry, environment: LogEnvironment, bytesPerSecond: Int) {
        self.registry = registry
        self.environment = environment
        self.bytesPerSecond = bytesPerSecond
    }

    var reports: [CorruptionReport] { found.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }

    func start() {
        guard bytesPerSecond > 0 else { return }
        state.withLock { $0.thread = StorageThread("martlet-scrub") { self.run() } }
    }

    func stop() {
        let thread = state.broadcast { state in
            state.isStopping = true
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    /// Round after round; an idle round, too, takes its time.
    private func run() {
        while pass(pause: pause) && pause(Self.stepBytes) {}
    }

    /// Waits as long as reading that much may take. False once stopped.
    private func pause(_ bytes: Int) -> Bool {
        var hasWaited = false
        return state.wait { state -> Monitor<State>.Wait<Bool> in
            if state.isStopping { return .done(false) }
            if hasWaited { return .done(true) }
            hasWaited = true
            return .untilChangedOrFor(nanoseconds: Int64(Double(bytes) / Double(bytesPerSecond) * 1e9))
        }
    }

    /// Looks at every sealed segment of every log once; `pause` is called after each step and stops the pass by false.
    @discardableResult
    func pass(pause: (Int) -> Bool) -> Bool {
        for log in registry.logs {
            for info in log.shared.withLock({ $0.segments.infos }) where info.isSealed {
                guard scrub(info, of: log, pause) else { return false }
            }
        }
        return true
    }

    private func scrub(_ info: SegmentInfo, of log: PartitionLog, _ pause: (Int) -> Bool) -> Bool {
        guard found.withLock({ $0[info.number] == nil }), log.holds(info.number) else { return true }
        // Not through the cache: it would push out what readers use.
        guard
            let segment = info.handle
                ?? (try? Segment.openSealed(
                    environment.io, directory: log.directory, baseOffset: info.baseOffset, end: info.endPosition))
        else { return true }
        var position: UInt32 = 0
        while position < info.endPosition {
            let start = position
            let outcome = segment.verify(from: position, below: info.endPosition, atLeastBytes: Self.stepBytes)
            position = outcome.stoppedAt
            if let error = outcome.failure {
                if log.holds(info.number) { report(info, log, segment, position, error) }
                return true
            }
            environment.counters.scrubbedBytes.wrappingAdd(Int(position - start), ordering: .relaxed)
            guard pause(Int(position - start)) else { return false }
        }
        return true
    }

    private func report(
        _ info: SegmentInfo, _ log: PartitionLog, _ segment: Segment, _ position: UInt32, _ error: StorageError
    ) {
        let report = CorruptionReport(
            partition: log.id, path: segment.path, position: position, message: error.message
        )
        found.withLock { $0[info.number] = report }
        environment.counters.corruptBatches.wrappingAdd(1, ordering: .relaxed)
        environment.logger.error(
            "the scrub found a damaged batch",
            metadata: [
                "partition": "\(log.name)", "file": "\(segment.path)", "position": "\(position)",
                "error": "\(error.message)",
            ]
        )
    }
}
