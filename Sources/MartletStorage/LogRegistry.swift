internal import MartletCore
internal import Synchronization

/// The open logs of a store, and what the last checkpoint said of those that are not open yet. Any thread.
final class LogRegistry: Sendable {
    private struct State {
        var logs: [TopicIDPartition: PartitionLog] = [:]
        var entries: [TopicIDPartition: OffsetsEntry] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    func load(_ entries: [OffsetsEntry]) {
        state.withLock { state in
            for entry in entries { state.entries[entry.id] = entry }
        }
    }

    var logs: [PartitionLog] { state.withLock { Array($0.logs.values) } }
    var count: Int { state.withLock { $0.logs.count } }

    subscript(id: TopicIDPartition) -> PartitionLog? { state.withLock { $0.logs[id] } }

    func entry(_ id: TopicIDPartition) -> OffsetsEntry? { state.withLock { $0.entries[id] } }

    /// Whether there is such a partition: open, if only since the last checkpoint, or not opened yet.
    func knows(_ id: TopicIDPartition) -> Bool {
        state.withLock { $0.logs[id] != nil || $0.entries[id] != nil }
    }

    /// Refused when the store is closed, when the log is open already, and past `limit` logs.
    func add(_ log: PartitionLog, limit: Int) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            if state.isClosed { throw StorageError(.closed, "the store was closed") }
            if state.logs[log.id] != nil { throw StorageError(.alreadyExists, "\(log.name) is open already") }
            if state.logs.count >= limit {
                throw StorageError(
                    .tooManyFiles,
                    "cannot take \(log.name): this broker holds \(state.logs.count) partitions, its limit"
                )
            }
            state.logs[log.id] = log
        }
    }

    /// Forgets the log and what the checkpoint said of it.
    @discardableResult
    func remove(_ id: TopicIDPartition) -> PartitionLog? {
        state.withLock { state in
            state.entries[id] = nil
            return state.logs.removeValue(forKey: id)
        }
    }

    /// The log could not be opened: what the checkpoint said of it stands.
    func forget(_ id: TopicIDPartition) {
        state.withLock { $0.logs[id] = nil }
    }

    /// No log is added from now on.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    func removeAll() {
        state.withLock { $0.logs = [:] }
    }

    /// What to write of each partition: the open log's word, or else what was read at start. Remembered as read.
    func collectEntries(isClean: Bool) -> [OffsetsEntry] {
        let logs = logs
        let current = logs.compactMap { $0.checkpointEntry(isClean: isClean) }
        return state.withLock { state in
            for entry in current where state.logs[entry.id] != nil { state.entries[entry.id] = entry }
            return state.entries.values.sorted { $0.id < $1.id }
        }
    }
}
