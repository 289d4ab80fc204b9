internal import Logging
internal import MartletCore
internal import Synchronization

/// The file `producers` in the data directory: the producers of all logs that have few of them, as of the last
/// checkpoints. A log's own snapshot is two syncs, and so is written seldom; this file is two syncs for all logs, and
/// leaves a recovery few headers to read. It is for recovery only: what must outlive the records themselves
/// (RULES 11) is in the logs' own snapshots. Any thread.
///
/// A line is taken for true only where the log's epoch history gives the record before it the epoch that the line
/// names: an epoch and an offset never name two batches (RULES 1), so what lies below is what it was, however the log was
/// cut meanwhile.
final class RecentProducers: Sendable {
    static let fileName = "producers"
    static let formatVersion: UInt32 = 1
    /// A log with more producers is left to its own snapshots, as are logs past the file's limit.
    static let producersMax = 64
    private static let fileBytesMax = 8 << 20

    /// What the file says of one log.
    struct Line: Sendable {
        var snapshot: ProducerSnapshot
        /// Of the record before the snapshot's offset.
        var epoch: LeaderEpoch
        /// Of the batches between the log's own snapshot and this.
        var bytes: Int
    }

    /// A line as it is written; kept so, because thousands of them are seldom looked into.
    private struct Encoded {
        var offset: Offset
        var cuts: Int
        var bytes: [UInt8]
    }

    private struct State {
        var lines: [TopicIDPartition: Encoded] = [:]
        /// Taken, and to be written once the log is synced that far.
        var waiting: [TopicIDPartition: Encoded] = [:]
        var size = 0
        /// The file does not say what `lines` do.
        var isChanged = false
    }

    /// A log with less than this behind its own snapshot has no line.
    let bytesMin: Int
    private let io: LogIO
    private let path: String
    private let logger: Logger
    private let state = Mutex(State())

    init(io: LogIO, directory: String, bytesMin: Int, logger: Logger) {
        self.bytesMin = bytesMin
        self.io = io
        self.logger = logger
        path = "\(directory)/\(Self.fileName)"
    }

    // MARK: At a start

    /// Reads the file. One that is damaged or gone only makes recoveries longer.
    func load() throws(StorageError) {
        var lines: [TopicIDPartition: Encoded]?
        do throws(StorageError) {
            guard
                let (_, content) = try io.readCheckpoint(
                    path, newest: Self.formatVersion, limitBytes: 2 * Self.fileBytesMax)
            else { return }
            lines = Self.decode(content)
        } catch  where error.code != .corrupt {
            throw error
        } catch {}
        guard let lines else {
            logger.warning(
                "the producers of the last checkpoint are damaged; rebuilding them from the logs",
                metadata: ["path": "\(path)"])
            return
        }
        state.withLock { state in
            state.lines = lines
            state.size = lines.values.reduce(0) { $0 + $1.bytes.count }
        }
    }

    /// What was read of the log, or written since; nil when that is nothing.
    func line(of id: TopicIDPartition, limit: Int) -> Line? {
        let encoded = state.withLock { $0.lines[id] }
        return encoded.flatMap { Self.decodeLine($0.bytes, limit: limit) }
    }

    // MARK: At a checkpoint

    /// Takes the producers of the logs where they changed, and writes those that are synced by now. `isKnown`: there is
    /// such a partition still. Durable on return.
    func write(_ logs: [PartitionLog], isKnown: (TopicIDPartition) -> Bool) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            for log in logs { Self.take(log, &state) }
            for id in state.lines.keys where !isKnown(id) { Self.drop(id, &state) }
            for id in state.waiting.keys where !isKnown(id) { state.waiting[id] = nil }
            guard state.isChanged else { return }
            try io.writeCheckpoint(path, version: Self.formatVersion, Self.encode(state.lines))
            state.isChanged = false
        }
    }

    private static func take(_ log: PartitionLog, _ state: inout State) {
        guard case .online = log.state else { return }
        if let known = state.lines[log.id], log.snapshots.withLock({ $0 }) >= known.offset { drop(log.id, &state) }
        // What an earlier checkpoint took may be synced by now; what this one takes may be, too.
        keepSynced(log, &state)
        let known = state.lines[log.id]
        guard state.waiting[log.id] == nil, let line = log.recentProducers(unlessAt: known?.offset) else { return }
        let bytes = encode(line, of: log.id)
        guard state.size - (known?.bytes.count ?? 0) + bytes.count <= fileBytesMax else { return }
        state.waiting[log.id] = Encoded(offset: line.snapshot.offset, cuts: line.snapshot.cuts, bytes: bytes)
        keepSynced(log, &state)
    }

    private static func keepSynced(_ log: PartitionLog, _ state: inout State) {
        guard let waiting = state.waiting[log.id], log.syncedOffset >= waiting.offset || log.cuts != waiting.cuts
        else { return }
        state.waiting[log.id] = nil
        guard log.cuts == waiting.cuts else { return }
        drop(log.id, &state)
        state.lines[log.id] = waiting
        state.size += waiting.bytes.count
        state.isChanged = true
    }

    private static func drop(_ id: TopicIDPartition, _ state: inout State) {
        guard let line = state.lines.removeValue(forKey: id) else { return }
        state.size -= line.bytes.count
        state.isChanged = true
    }

    // MARK: Bytes

    private static let lineHeadBytes = 16 + 4 + 4 + 8 + 4

    private static func encode(_ line: Line, of id: TopicIDPartition) -> [UInt8] {
        let snapshot = line.snapshot.encoded()
        var writer = ByteWriter(reserving: lineHeadBytes + snapshot.count)
        writer.integer(id.topicID.high)
        writer.integer(id.topicID.low)
        writer.integer(id.partition)
        writer.integer(line.epoch)
        writer.integer(Int64(line.bytes))
        writer.block(snapshot)
        return writer.bytes
    }

    private static func encode(_ lines: [TopicIDPartition: Encoded]) -> [UInt8] {
        var writer = ByteWriter(reserving: 4 + lines.values.reduce(0) { $0 + $1.bytes.count })
        writer.integer(UInt32(lines.count))
        for (_, line) in lines.sorted(by: { $0.key < $1.key }) { writer.append(line.bytes) }
        return writer.bytes
    }

    /// Nil for bytes that cannot have been written.
    private static func decode(_ content: [UInt8]) -> [TopicIDPartition: Encoded]? {
        var reader = ByteReader(content)
        guard let count = reader.count(entryBytes: lineHeadBytes) else { return nil }
        var lines: [TopicIDPartition: Encoded] = [:]
        for _ in 0..<count {
            let start = content.count - reader.remaining
            guard let head = decodeHead(&reader), let snapshot = reader.block(),
                let decoded = ProducerSnapshot.decode(snapshot, limit: producersMax)
            else { return nil }
            let bytes = Array(content[start..<content.count - reader.remaining])
            lines[head.id] = Encoded(offset: decoded.offset, cuts: 0, bytes: bytes)
        }
        return reader.remaining == 0 ? lines : nil
    }

    private static func decodeLine(_ bytes: [UInt8], limit: Int) -> Line? {
        var reader = ByteReader(bytes)
        guard let head = decodeHead(&reader), let block = reader.block(),
            let snapshot = ProducerSnapshot.decode(block, limit: limit)
        else { return nil }
        return Line(snapshot: snapshot, epoch: head.epoch, bytes: head.bytes)
    }

    private static func decodeHead(
        _ reader: inout ByteReader
    ) -> (id: TopicIDPartition, epoch: LeaderEpoch, bytes: Int)? {
        guard let high = reader.integer(UInt64.self), let low = reader.integer(UInt64.self),
            let partition = reader.integer(PartitionIndex.self), let epoch = reader.integer(LeaderEpoch.self),
            let bytes = reader.integer(Int64.self), bytes >= 0
        else { return nil }
        let id = TopicIDPartition(topicID: TopicID(high: high, low: low), partition: partition)
        return (id, epoch, Int(bytes))
    }
}
