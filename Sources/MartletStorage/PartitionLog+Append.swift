package import MartletCore
internal import Synchronization

extension PartitionLog {
    /// Writeback is asked for each time that this much was appended.
    static let writebackBytes: UInt32 = 8 << 20

    /// Appends a producer's batch as the leader: checks it, gives it offsets, writes it. Nothing is durable on return:
    /// the observer hears of that (`flush=batch`). Never waits for anything but the write; meant for event loops.
    ///
    /// - Parameters:
    ///   - batch: exactly one batch.
    ///   - leaderEpoch: must be the one that was started last.
    ///   - now: wall time, for log-append time, the check of create times, and the expiry of producers.
    package func append(
        _ batch: UnsafeRawBufferPointer, leaderEpoch: LeaderEpoch, now: TimestampMs
    ) throws(StorageError) -> AppendResult {
        let settings = settings
        let admitted = try BatchAdmission.admit(batch, settings, now: now)
        if let rebuilt = admitted.rebuilt {
            return try rebuilt.withBytes { (bytes) throws(StorageError) in
                try append(bytes, admitted.header, leaderEpoch, settings, now)
            }
        }
        return try append(batch, admitted.header, leaderEpoch, settings, now)
    }

    private func append(
        _ bytes: UnsafeRawBufferPointer, _ header: BatchHeader, _ leaderEpoch: LeaderEpoch,
        _ settings: LogSettings, _ now: TimestampMs
    ) throws(StorageError) -> AppendResult {
        try requireOnline()
        do throws(StorageError) {
            return try writer.withLock { (writer) throws(StorageError) in
                try requireOnline()
                try requireEpoch(leaderEpoch, writer)
                if let duplicate = try duplicate(of: header, writer, settings) { return duplicate }
                try requireSpace()
                try recordEpoch(&writer)
                return try write(bytes, header, settings, now, &writer)
            }
        } catch {
            appendFailed(error)
            throw error
        }
    }

    private func requireEpoch(_ epoch: LeaderEpoch, _ writer: LogWriterState) throws(StorageError) {
        if writer.isClosed { throw StorageError(.closed, "\(name) was closed") }
        if let cut = writer.cut { throw cut.isUnfinished(name) }
        if epoch != writer.currentEpoch {
            throw StorageError(
                .wrongEpoch(current: writer.currentEpoch),
                "\(name) appends at leader epoch \(writer.currentEpoch), not at \(epoch)"
            )
        }
    }

    func requireSpace() throws(StorageError) {
        // Committed offsets and the like live in internal topics: they may use what the reserve gave back.
        if !environment.reserve.allowsAppends() && !topic.hasPrefix("__") {
            throw StorageError(
                .noSpace, "cannot append to \(name): the disk is full. Free space, or lower retention; try again then."
            )
        }
    }

    /// Throws unless the batch is the producer's next; returns the answer for one of its last five.
    private func duplicate(
        of header: BatchHeader, _ writer: borrowing LogWriterState, _ settings: LogSettings
    ) throws(StorageError) -> AppendResult? {
        guard header.hasProducer else { return nil }
        let decision = writer.producers.check(
            producerID: header.producerID, epoch: header.producerEpoch, firstSequence: header.baseSequence,
            count: header.lastOffsetDelta + 1
        )
        let sender = "producer \(header.producerID) epoch \(header.producerEpoch) sequence \(header.baseSequence)"
        switch decision {
        case .append:
            return nil
        case .duplicate(let original):
            return AppendResult(
                baseOffset: original.baseOffset, lastOffset: original.lastOffset,
                logAppendTime: settings.timestampType == .logAppendTime ? original.timestamp : nil,
                isDuplicate: true, logEndOffset: logEndOffset
            )
        case .duplicateSequence:
            throw StorageError(
                .duplicateSequence, "\(name): \(sender) was appended before; its offset is no longer known")
        case .outOfOrder(let expected):
            throw StorageError(.outOfOrderSequence, "\(name): \(sender) came where sequence \(expected) was expected")
        case .fenced(let current):
            throw StorageError(.fencedProducer, "\(name): \(sender) was fenced by epoch \(current)")
        case .unknownProducer:
            throw StorageError(.unknownProducer, "\(name): nothing is known of \(sender), which does not begin at 0")
        }
    }

    /// The write itself: one `pwritev`.
    private func write(
        _ bytes: UnsafeRawBufferPointer, _ header: BatchHeader, _ settings: LogSettings, _ now: TimestampMs,
        _ writer: inout LogWriterState
    ) throws(StorageError) -> AppendResult {
        let base = logEndOffset
        try makeRoom(for: bytes.count, lastOffset: base + Offset(header.lastOffsetDelta), settings, now, &writer)
        guard let active = writer.active else { preconditionFailure("makeRoom leaves an active segment") }
        let appendTime = settings.timestampType == .logAppendTime ? now : nil
        try withUnsafeTemporaryAllocation(byteCount: BatchHeader.byteCount, alignment: 8) {
            (head) throws(StorageError) in
            if let appendTime {
                BatchCodec.assignAppendTime(
                    bytes, baseOffset: base, leaderEpoch: writer.currentEpoch, timestamp: appendTime, to: head
                )
            } else {
                BatchCodec.assign(bytes, baseOffset: base, leaderEpoch: writer.currentEpoch, to: head)
            }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[BatchHeader.byteCount...])
            try write(UnsafeRawBufferPointer(head), rest, to: active)
        }
        let next = base + Offset(header.lastOffsetDelta) + 1
        if writer.activeSince == nil { writer.activeSince = now }
        if header.hasProducer {
            remember(header, base: base, at: appendTime ?? header.maxTimestamp, now, &writer)
        }
        didWrite(bytes.count, next: next, active, settings.flush, &writer)
        return AppendResult(
            baseOffset: base, lastOffset: next - 1, logAppendTime: appendTime, isDuplicate: false, logEndOffset: next
        )
    }

    private func write(
        _ head: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, to active: Segment
    ) throws(StorageError) {
        guard let header = head.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        switch active.append(header: header, rest: rest) {
        case .done:
            return
        case .full:
            throw StorageError(.recordTooLarge, "cannot append to \(name): the batch does not fit a segment")
        case .failed(let error):
            throw error
        }
    }

    func remember(
        _ header: BatchHeader, base: Offset, at timestamp: TimestampMs, _ now: TimestampMs,
        _ writer: inout LogWriterState
    ) {
        let batch = ProducerStateTable.Batch(
            firstSequence: header.baseSequence, lastSequence: header.lastSequence, baseOffset: base,
            lastOffset: base + Offset(header.lastOffsetDelta), timestamp: timestamp
        )
        writer.producers.record(producerID: header.producerID, epoch: header.producerEpoch, batch, now: now)
    }

    /// Publishes the new end and tells the sync stage.
    func didWrite(
        _ bytes: Int, next: Offset, _ active: Segment, _ flush: FlushPolicy, _ writer: inout LogWriterState,
        isKeptCached: Bool = true
    ) {
        let end = active.endPosition
        writer.bytesSinceSnapshot += bytes
        let underOS = flush == .os
        shared.withLock { shared in
            shared.tail = LogMark(offset: next, segment: writer.activeNumber, position: end)
            if underOS { shared.unsyncedBytesUnderOS += bytes } else { shared.unsyncedBytes += bytes }
        }
        publishEnd(next, countsAtOnce: flush != .batch)
        let pressure = environment.sync.backPressure
        if underOS { pressure.appendedUnderOS(bytes) } else { pressure.appended(bytes) }
        if end - writer.writebackPosition >= Self.writebackBytes {
            environment.writeback.hint(active, from: writer.writebackPosition, to: end, isKept: isKeptCached)
            writer.writebackPosition = end
        }
        environment.counters.appendedBatches.wrappingAdd(1, ordering: .relaxed)
        environment.counters.appendedBytes.wrappingAdd(bytes, ordering: .relaxed)
        environment.checkpointSignal.appended(bytes)
        markDirty(flush)
    }

    /// Only the first append after a cycle took the log costs more than an exchange.
    private func markDirty(_ flush: FlushPolicy) {
        if case .os = flush { return }
        guard !isDirty.exchange(true, ordering: .acquiringAndReleasing) else { return }
        switch flush {
        case .batch: environment.sync.enqueue(self)
        case .interval(let delay): environment.sync.enqueue(self, after: delay.nanoseconds)
        case .os: break
        }
    }

    /// RULES 8: a full disk refuses the write and leaves the log as it was; any other failed write ends the log's
    /// service.
    func appendFailed(_ error: StorageError) {
        switch error.code {
        case .noSpace:
            environment.counters.refusedForSpace.wrappingAdd(1, ordering: .relaxed)
            if error.osError != 0 { environment.reserve.release() }
        case .ioError, .corrupt, .notPermitted, .notADirectory, .alreadyExists, .notFound:
            goOffline(after: error)
        default:
            break
        }
    }
}
