import MartletBroker
import MartletCore
import MartletStorage
import TestSeeds

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
    /// As the disk has it: the next append at an epoch writes it down, or the next checkpoint.
    private var recordedEpoch: LeaderEpoch = -1
    /// The one that this process led last.
    private var ledEpoch: LeaderEpoch = -1
    private(set) var synced: Offset = 0
    private(set) var highWatermark: Offset = 0
    var damage = LogDamage()
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
        ledEpoch = epoch
        history.begin(epoch, at: logEndOffset)
        return true
    }

    mutating func startFollowing(_ epoch: LeaderEpoch) -> Bool {
        guard epoch >= highestEpoch, epoch != ledEpoch else { return false }
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
        recordedEpoch = highestEpoch
    }

    mutating func sync(to offset: Offset) {
        synced = max(synced, min(offset, logEndOffset))
    }

    mutating func setHighWatermark(_ offset: Offset) {
        highWatermark = max(highWatermark, min(offset, logEndOffset))
    }

    mutating func checkpoint() {
        checkpointedHighWatermark = highWatermark
        recordedEpoch = highestEpoch
    }

    /// Durable.
    mutating func truncate(to offset: Offset) {
        let kept = max(0, Int(offset - logStartOffset))
        for batch in batches[min(kept, batches.count)...] { offsets[batch.id] = nil }
        batches.removeLast(max(0, batches.count - kept))
        history.truncate(to: logEndOffset)
        damage.keep(in: logStartOffset..<logEndOffset)
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
        history.advanceStart(to: logStartOffset)
        damage.keep(in: logStartOffset..<logEndOffset)
        synced = max(synced, logStartOffset)
        setHighWatermark(logStartOffset)
        checkpointedHighWatermark = max(checkpointedHighWatermark, logStartOffset)
    }

    // MARK: Ends of the process

    mutating func stopCleanly() {
        synced = logEndOffset
        checkpoint()
        endProcess()
    }

    /// The process is gone; what it wrote is not.
    mutating func recoverAfterKill() {
        endProcess()
        // A start syncs what it finds.
        synced = logEndOffset
    }

    /// The machine is gone, and with it any of the pages that were not synced: recovery cuts at the first batch that
    /// lies in one (RULES 30). True: nothing can be missing that was ever reported as kept (RULES 12).
    mutating func recoverAfterPowerLoss(isKept: (Offset) -> Bool) -> Bool {
        var end = max(synced, logStartOffset)
        while end < logEndOffset, isKept(end) { end += 1 }
        return recover(cutTo: end)
    }

    /// The disk has damaged something that was committed: recovery cuts before it. False: there is nothing to damage.
    mutating func tear(_ random: SeededGenerator) -> Bool {
        var random = random
        let bound = min(checkpointedHighWatermark, logEndOffset)
        guard logStartOffset < bound else { return false }
        _ = recover(cutTo: Offset.random(in: logStartOffset..<bound, using: &random))
        return true
    }

    private mutating func recover(cutTo end: Offset) -> Bool {
        let reached = checkpointedHighWatermark
        truncate(to: end)
        endProcess()
        return syncs && end >= reached
    }

    private mutating func endProcess() {
        highWatermark = checkpointedHighWatermark
        ledEpoch = -1
        damage.forget()
        highestEpoch = max(recordedEpoch, lastEpoch)
        // An epoch without a record that was never written down was never there.
        if let latest = history.latest, latest.epoch > highestEpoch { history.truncate(to: logEndOffset) }
    }
}
