import MartletBroker
import MartletCore
import MartletStorage

/// One batch of one record.
struct SimulatedBatch: Equatable {
    var offset: Offset
    var epoch: LeaderEpoch
    /// Unique among all that producers send.
    var id: Int
}

/// A replica's log as storage keeps it: what is appended survives the process, what is synced survives the power.
struct SimulatedLog: ReplicaLog {
    /// `flush=batch`: only what is synced counts.
    let syncs: Bool
    private(set) var logStartOffset: Offset = 0
    private(set) var batches: [SimulatedBatch] = []
    private(set) var history = LeaderEpochHistory()
    private(set) var highestEpoch: LeaderEpoch = -1
    private(set) var synced: Offset = 0
    private(set) var highWatermark: Offset = 0
    /// As the last checkpoint has it.
    private var checkpointedHighWatermark: Offset = 0
    /// Where each batch lies, or lay before retention took it: what is known of producers outlives their records.
    private var offsets: [Int: Offset] = [:]

    init(syncs: Bool) {
        self.syncs = syncs
    }

    var logEndOffset: Offset { logStartOffset + Offset(batches.count) }
    var durableOffset: Offset { syncs ? synced : logEndOffset }
    var lastEpoch: LeaderEpoch { batches.last?.epoch ?? -1 }

    func epochEnd(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, endOffset: Offset)? {
        history.end(of: epoch, logEnd: logEndOffset)
    }

    func batch(at offset: Offset) -> SimulatedBatch? {
        guard offset >= logStartOffset, offset < logEndOffset else { return nil }
        return batches[Int(offset - logStartOffset)]
    }

    var summary: String {
        let epochs = history.entries.map { "\($0.epoch)@\($0.startOffset)" }.joined(separator: " ")
        return "\(logStartOffset)..<\(logEndOffset) (\(epochs)), durable \(durableOffset), "
            + "high watermark \(highWatermark)"
    }

    func offset(of id: Int) -> Offset? { offsets[id] }

    // MARK: Changes

    /// False when the directory has seen the epoch already.
    mutating func startLeaderEpoch(_ epoch: LeaderEpoch) -> Bool {
        guard epoch > highestEpoch else { return false }
        highestEpoch = epoch
        history.begin(epoch, at: logEndOffset)
        return true
    }

    mutating func startFollowing(_ epoch: LeaderEpoch) -> Bool {
        guard epoch >= highestEpoch else { return false }
        highestEpoch = epoch
        history.truncate(to: logEndOffset)
        return true
    }

    @discardableResult
    mutating func append(_ id: Int, epoch: LeaderEpoch) -> SimulatedBatch {
        let batch = SimulatedBatch(offset: logEndOffset, epoch: epoch, id: id)
        keep(batch)
        return batch
    }

    /// Whole batches as the leader wrote them. How many were good.
    mutating func appendAsFollower(_ new: [SimulatedBatch], epoch: LeaderEpoch) -> Int {
        for (index, batch) in new.enumerated() {
            guard batch.offset == logEndOffset, batch.epoch >= lastEpoch, batch.epoch <= epoch else { return index }
            history.begin(batch.epoch, at: batch.offset)
            keep(batch)
        }
        return new.count
    }

    private mutating func keep(_ batch: SimulatedBatch) {
        batches.append(batch)
        offsets[batch.id] = batch.offset
    }

    mutating func sync(to offset: Offset) {
        synced = max(synced, min(offset, logEndOffset))
    }

    mutating func setHighWatermark(_ offset: Offset) {
        highWatermark = max(highWatermark, min(offset, logEndOffset))
    }

    mutating func checkpoint() {
        checkpointedHighWatermark = highWatermark
    }

    /// Durable.
    mutating func truncate(to offset: Offset) {
        let kept = max(0, Int(offset - logStartOffset))
        for batch in batches[min(kept, batches.count)...] { offsets[batch.id] = nil }
        batches.removeLast(max(0, batches.count - kept))
        history.truncate(to: logEndOffset)
        synced = logEndOffset
        highWatermark = min(highWatermark, logEndOffset)
        checkpointedHighWatermark = min(checkpointedHighWatermark, logEndOffset)
    }

    mutating func reset(to offset: Offset) {
        truncate(to: logStartOffset)
        logStartOffset = offset
        history = LeaderEpochHistory()
        synced = offset
        highWatermark = offset
        checkpointedHighWatermark = offset
    }

    /// Retention: drops what lies below `offset`. Durable.
    mutating func deleteRecords(before offset: Offset) {
        guard offset > logStartOffset else { return }
        let dropped = Int(min(offset, logEndOffset) - logStartOffset)
        batches.removeFirst(dropped)
        logStartOffset += Offset(dropped)
        synced = max(synced, logStartOffset)
        setHighWatermark(logStartOffset)
        checkpointedHighWatermark = max(checkpointedHighWatermark, logStartOffset)
    }

    // MARK: Ends of the process

    mutating func stopCleanly() {
        synced = logEndOffset
        checkpointedHighWatermark = highWatermark
    }

    /// The process is gone; what it wrote is not. True: nothing can be missing (RULES 12).
    mutating func recoverAfterKill() -> Bool {
        highWatermark = checkpointedHighWatermark
        return true
    }

    /// The machine is gone, and all that was not synced but `survivors` batches of it. True: nothing can be missing
    /// that was ever reported as kept.
    mutating func recoverAfterPowerLoss(survivors: (Int) -> Int) -> Bool {
        let unsynced = Int(logEndOffset - max(synced, logStartOffset))
        let cut = logEndOffset - Offset(unsynced - survivors(unsynced))
        let lostCommitted = cut < checkpointedHighWatermark
        let checkpoint = min(checkpointedHighWatermark, cut)
        truncate(to: cut)
        checkpointedHighWatermark = checkpoint
        highWatermark = checkpoint
        return syncs && !lostCommitted
    }
}
