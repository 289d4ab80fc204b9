internal import MartletCore
internal import Synchronization

extension PartitionLog {
    /// A sealed segment that is still part of the log, opened through the file cache.
    func openSealed(_ info: SegmentInfo) throws(StorageError) -> Segment {
        if let handle = info.handle { return handle }
        return try environment.cache.segment(info.number) { () throws(StorageError) in
            let segment = try Segment.openSealed(
                environment.io, directory: directory, baseOffset: info.baseOffset, end: info.endPosition
            )
            if !segment.hasSoundIndex { environment.needsIndex(segment) }
            return segment
        }
    }

    /// Puts a compactor's sealed output in the place of its sources. In memory first: from then on nobody opens the
    /// files by their names until they are in place (`read` looks again whether a segment that it opened is still the
    /// log's).
    func replace(_ sources: [SegmentInfo], with output: Segment) throws(StorageError) {
        let newest = output.maxTimestamp
        let number = environment.nextSegmentNumber()
        let info = SegmentInfo(
            number: number, baseOffset: output.baseOffset, endPosition: output.endPosition,
            maxTimestamp: newest < 0 ? nil : newest, isSealed: true, handle: output
        )
        let isReplaced = shared.withLock { $0.segments.replace(sources.map(\.number), with: info) }
        guard isReplaced else { return }
        for source in sources { environment.cache.remove(source.number) }
        try SegmentSwap.run(sources.map(\.baseOffset), directory: directory, io: environment.io)
        environment.cache.insert(number, output)
        shared.withLock { $0.segments.update(number: number) { $0.handle = nil } }
    }

    /// Whether the segment of that number is still part of the log.
    func holds(_ number: UInt64) -> Bool {
        shared.withLock { $0.segments.base(ofNumber: number) != nil }
    }
}
