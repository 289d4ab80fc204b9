internal import Logging
package import MartletCore
internal import Synchronization

extension PartitionLog {
    /// Makes everything below `offset` unreadable, up to the high watermark. Durable on return; files go later. Blocks.
    ///
    /// - Returns: the log's start, which is not lower than it was.
    /// - Throws: `offsetOutOfRange` above the high watermark.
    package func deleteRecords(before offset: Offset) throws(StorageError) -> Offset {
        try requireOnline()
        guard offset >= 0 && offset <= highWatermark else { throw outOfRange(offset, logStartOffset, highWatermark) }
        return try moveStart(to: offset)
    }

    @discardableResult
    func moveStart(to offset: Offset) throws(StorageError) -> Offset {
        if publishStart(offset) {
            do throws(StorageError) {
                try environment.checkpointNow.withLock { $0 }()
            } catch {
                if error.code == .noSpace { environment.reserve.release() }
                throw error
            }
            writer.withLock { $0.epochs.advanceStart(to: offset) }
            notifyStateChanged()
        }
        return logStartOffset
    }

    /// Nothing at or above may be removed or compacted (RULES 7).
    var cleaningBound: Offset { min(highWatermark, durableOffset, syncedOffset) }

    /// What has to be looked at every now and then: rolls an active segment that is old, removes what retention says,
    /// forgets silent producers. Blocks; on the maintenance thread.
    func maintain(now: TimestampMs) throws(StorageError) {
        guard case .online = state else { return }
        let settings = settings
        try rollWhenOld(settings, now)
        try removeOldSegments(settings, now)
        let deadline = now - min(settings.producerExpiration.milliseconds, now)
        writer.withLock { writer in
            // Written with the next snapshot: a restart before that forgets them again.
            if writer.producers.expire(before: deadline) { writer.bytesSinceSnapshot += 1 }
        }
    }

    /// Retention removes sealed segments only: one that is past its time has to be sealed first, appends or not.
    private func rollWhenOld(_ settings: LogSettings, _ now: TimestampMs) throws(StorageError) {
        try writer.withLock { (writer) throws(StorageError) in
            guard !writer.isClosed, writer.cut == nil, let last = shared.withLock({ $0.segments.last }), !last.isSealed,
                last.currentEnd > 0
            else { return }
            try ensureActive(&writer)
            guard let active = writer.active else { return }
            let isOld = writer.activeSince.map { now - $0 >= settings.segmentAge.milliseconds } ?? false
            let newest = active.maxTimestamp
            let isExpired =
                settings.cleanup.contains(.delete) && newest >= 0
                && settings.retentionAge.map { now - newest > $0.milliseconds } ?? false
            if (isOld || isExpired) && syncedOffset == logEndOffset { try roll(&writer) }
        }
    }

    private func removeOldSegments(_ settings: LogSettings, _ now: TimestampMs) throws(StorageError) {
        let infos = shared.withLock { $0.segments.infos }
        let sealed = infos.prefix { $0.isSealed }
        guard !sealed.isEmpty, sealed.count < infos.count else { return }
        var candidates: [Retention.Candidate] = []
        for (index, info) in sealed.enumerated() {
            let newest = settings.retentionAge == nil ? nil : try maxTimestamp(of: info)
            candidates.append(
                Retention.Candidate(
                    end: infos[index + 1].baseOffset, sizeBytes: Int64(info.endPosition), maxTimestamp: newest
                )
            )
        }
        let deletes = settings.cleanup.contains(.delete)
        let retention = Retention(
            age: deletes ? settings.retentionAge : nil, bytes: deletes ? settings.retentionBytes : nil,
            logStart: logStartOffset, bound: cleaningBound,
            activeBytes: infos[sealed.count...].reduce(0) { $0 + Int64($1.currentEnd) }
        )
        let removable = candidates.prefix(retention.removable(candidates, now: now))
        guard let last = removable.last else { return }
        let kept = try producersKept(upTo: last.end)
        let count = removable.prefix { $0.end <= kept }.count
        if count > 0 { try remove(Array(sealed.prefix(count)), newStart: candidates[count - 1].end) }
    }

    /// From the time index, and remembered.
    func maxTimestamp(of info: SegmentInfo) throws(StorageError) -> TimestampMs? {
        if let known = info.maxTimestamp { return known }
        let newest = try openSealed(info).maxTimestamp
        guard newest >= 0 else { return nil }
        shared.withLock { $0.segments.update(number: info.number) { $0.maxTimestamp = newest } }
        return newest
    }

    /// Readers that hold a lease read on; new ones no longer find the segments. A crash in the middle leaves the rest
    /// to the next round: the log then starts at the first file.
    private func remove(_ infos: [SegmentInfo], newStart: Offset) throws(StorageError) {
        let isMoved = publishStart(newStart)
        let isRemoved = shared.withLock { shared in
            guard shared.segments.infos.prefix(infos.count).map(\.number) == infos.map(\.number) else { return false }
            shared.segments.removeFirst(infos.count)
            return true
        }
        guard isRemoved else { return }
        for info in infos {
            environment.cache.remove(info.number)
            try SegmentFiles.remove(environment.io, directory: directory, baseOffset: info.baseOffset)
            environment.counters.removedSegments.wrappingAdd(1, ordering: .relaxed)
        }
        writer.withLock { $0.epochs.advanceStart(to: newStart) }
        environment.logger.info(
            "removed old segments",
            metadata: ["partition": "\(name)", "segments": "\(infos.count)", "log_start": "\(logStartOffset)"]
        )
        if isMoved { notifyStateChanged() }
    }
}
