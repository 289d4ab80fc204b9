internal import CMartletLog
internal import MartletCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Puts a compactor's output in the place of the segments that it was made from, atomically across crashes:
///
/// 1. The output's three files are complete and synced under names ending in `.cleaned`. A crash leaves them to be
/// removed.
/// 2. They are renamed to `.swap`, the .log last: from that rename on the output stands for its sources.
/// 3. The other sources are removed, and the three files renamed to their plain names, the .log last.
enum SegmentSwap {
    /// Steps 2 and 3. `sources`: base offsets of the segments replaced, the first of which is the output's own.
    static func run(_ sources: [Offset], directory: String, io: LogIO) throws(StorageError) {
        guard let base = sources.first else { return }
        let stem = "\(directory)/\(SegmentFiles.stem(base))"
        for `extension` in namesLogLast {
            let file = stem + `extension`
            try io.rename(file + SegmentFiles.cleanedSuffix, to: file + SegmentFiles.swapSuffix)
        }
        try complete(sources, directory: directory, io: io)
    }

    /// At start: finishes what reached step 2 and undoes what did not. True when something was there.
    static func finish(names: [String], directory: String, io: LogIO) throws(StorageError) -> Bool {
        var swaps: [Offset] = []
        var logs: [Offset] = []
        var leftovers: [String] = []
        for name in names {
            switch SegmentFiles.kind(name) {
            case .swap(let base, extension: ".log"): swaps.append(base)
            case .log(let base): logs.append(base)
            case .cleaned: leftovers.append(name)
            case .swap, .index, .other: break
            }
        }
        for name in names {
            if case .swap(let base, _) = SegmentFiles.kind(name), !swaps.contains(base) { leftovers.append(name) }
        }
        for base in swaps {
            let end = try endOffset(ofSwap: base, directory: directory, io: io)
            let replaced = [base] + logs.filter { $0 > base && $0 < end }
            try complete(replaced, directory: directory, io: io)
        }
        for name in leftovers { try io.remove("\(directory)/\(name)", sync: false) }
        if !leftovers.isEmpty { try io.syncDirectory(directory) }
        return !swaps.isEmpty || !leftovers.isEmpty
    }

    private static let namesLogLast = [".index", ".timeindex", ".log"]

    private static func complete(_ sources: [Offset], directory: String, io: LogIO) throws(StorageError) {
        for source in sources.dropFirst() {
            try SegmentFiles.remove(io, directory: directory, baseOffset: source)
        }
        let stem = "\(directory)/\(SegmentFiles.stem(sources[0]))"
        for `extension` in namesLogLast {
            let swap = stem + `extension` + SegmentFiles.swapSuffix
            // A crash in the middle of this loop has renamed the first ones already.
            if try DirectoryListing.size(swap) != nil { try io.rename(swap, to: stem + `extension`) }
        }
    }

    /// The offset after the last batch of a complete output, read from its headers.
    private static func endOffset(ofSwap base: Offset, directory: String, io: LogIO) throws(StorageError) -> Offset {
        let path = "\(directory)/\(SegmentFiles.stem(base)).log\(SegmentFiles.swapSuffix)"
        let calls = io.table.pointee
        let descriptor = calls.open(calls.context, path, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw StorageError(errno: errno, cannot: "open \(path)") }
        defer { _ = calls.close(calls.context, descriptor) }
        var position: off_t = 0
        var end = base
        var bytes = [UInt8](repeating: 0, count: BatchHeader.byteCount)
        while true {
            let count = calls.pread(calls.context, descriptor, &bytes, bytes.count, position)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw StorageError(errno: errno, cannot: "read \(path)") }
            if count == 0 { return end }
            do throws(BatchError) {
                let header = try bytes.withBytes { (bytes) throws(BatchError) in
                    try BatchCodec.readHeader(
                        UnsafeRawBufferPointer(rebasing: bytes[..<count]), sizeLimit: Int(UInt32.max))
                }
                end = header.nextOffset
                position += off_t(header.sizeBytes)
            } catch {
                throw StorageError(.corrupt, "\(path) is damaged at byte \(position): \(error)")
            }
        }
    }
}
