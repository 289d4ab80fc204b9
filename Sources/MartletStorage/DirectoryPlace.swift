internal import CMartletLog

/// Where a directory is: what a copy of it has otherwise, and a rename, another mount point or a restart does not change.
struct DirectoryPlace: Sendable, Equatable {
    var inode: UInt64
    /// When its inode was made, in nanoseconds since 1970; 0 where the file system does not tell.
    var birth: Int64

    init(inode: UInt64, birth: Int64) {
        self.inode = inode
        self.birth = birth
    }

    /// Nil when it cannot be asked for: then nothing is concluded.
    init?(of path: String) {
        var inode: UInt64 = 0
        var birth: Int64 = 0
        guard mlog_directory_place(path, &inode, &birth) else { return nil }
        self.init(inode: inode, birth: birth)
    }
}
