internal import MartletCore

/// The batches of a leader's answer, checked as far as that needs no look at the log. Pure.
struct FollowerBatches {
    /// Whole and sound, in the order of the bytes.
    private(set) var headers: [BatchHeader] = []
    /// What is wrong with the batch behind them.
    private(set) var refused: StorageError?

    /// Stops at the first batch that is damaged, above `leaderEpoch` (its leader is not the one that is followed), or
    /// not there whole.
    init(_ bytes: UnsafeRawBufferPointer, leaderEpoch: LeaderEpoch, log name: String) {
        var position = 0
        while bytes.count - position >= BatchHeader.byteCount {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
            do throws(BatchError) {
                let header = try BatchCodec.check(rest, sizeLimit: Limits.maxMessageBytesCeiling)
                if header.leaderEpoch > leaderEpoch { return }
                headers.append(header)
                position += header.sizeBytes
            } catch .short {
                return
            } catch {
                refused = StorageError(
                    .invalidBatch(error),
                    "\(name): a batch from the leader of epoch \(leaderEpoch) is damaged, "
                        + "\(position) bytes into its answer\(after): \(error)"
                )
                return
            }
        }
    }

    private var after: String {
        headers.last.map { " (behind offset \($0.lastOffset))" } ?? ""
    }

    /// Keeps the batches that continue a log which ends at `end` with `history` (RULES 5).
    ///
    /// - Parameter isEmpty: the log holds nothing: its first batch may begin before `end`, where the leader's log starts
    ///   in the middle of it.
    mutating func keepContinuing(
        _ end: Offset, _ history: LeaderEpochHistory, isEmpty: Bool, mayHaveGaps: Bool, log name: String
    ) {
        var next = end
        var epoch = history.latest?.epoch ?? -1
        for (index, header) in headers.enumerated() {
            let isFirst = isEmpty && index == 0
            let fits =
                header.baseOffset == next || (mayHaveGaps && header.baseOffset > next)
                || (isFirst && header.baseOffset <= next && header.nextOffset > next)
            if !fits {
                refuse(
                    from: index, .unexpectedOffset(expected: next),
                    "\(name): a batch from the leader begins at offset \(header.baseOffset) where \(next) must come")
                return
            }
            if header.leaderEpoch < epoch {
                refuse(
                    from: index, .epochMismatch,
                    "\(name): the leader's batch at offset \(header.baseOffset) has leader epoch \(header.leaderEpoch), "
                        + "the log has reached \(epoch): the logs part before")
                return
            }
            epoch = header.leaderEpoch
            next = header.nextOffset
        }
    }

    private mutating func refuse(from index: Int, _ code: StorageError.Code, _ message: String) {
        headers.removeSubrange(index...)
        refused = StorageError(code, message)
    }

    /// Whether offsets are missing before or between the batches.
    func hasGaps(after end: Offset) -> Bool {
        var next = end
        for header in headers {
            if header.baseOffset > next { return true }
            next = header.nextOffset
        }
        return false
    }
}
