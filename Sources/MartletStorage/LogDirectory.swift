internal import MartletCore

/// A partition's directory as it stands on disk, with unfinished compactions finished or undone.
struct LogDirectory {
    /// A .log file.
    struct File {
        var baseOffset: Offset
        /// Of the file: a segment that was not sealed may end before.
        var sizeBytes: Int64
    }

    let path: String
    /// By base offset.
    private(set) var files: [File] = []
    /// Damage of the log was known when it was last open.
    let hasDamageFile: Bool

    /// Reads the directory. Blocks.
    init(path: String, io: LogIO) throws(StorageError) {
        self.path = path
        var names = try DirectoryListing.names(path)
        if try SegmentSwap.finish(names: names, directory: path, io: io) { names = try DirectoryListing.names(path) }
        hasDamageFile = names.contains(PartitionLog.damageFileName)
        for name in names {
            guard case .log(let base) = SegmentFiles.kind(name) else { continue }
            guard let size = try DirectoryListing.size("\(path)/\(name)") else { continue }
            files.append(File(baseOffset: base, sizeBytes: size))
        }
    }

    /// The segment that holds `offset`: the last one whose base is at or below it, or else the first.
    func index(holding offset: Offset) -> Int {
        max(0, (files.firstIndex { $0.baseOffset > offset } ?? files.count) - 1)
    }

    /// The end of a sealed segment: its file's size.
    func sealedEnd(_ index: Int) throws(StorageError) -> UInt32 {
        guard let end = UInt32(exactly: files[index].sizeBytes) else {
            throw StorageError(
                .corrupt,
                "\(path)/\(SegmentFiles.stem(files[index].baseOffset)).log has \(files[index].sizeBytes) bytes, "
                    + "more than a segment may have"
            )
        }
        return end
    }
}
