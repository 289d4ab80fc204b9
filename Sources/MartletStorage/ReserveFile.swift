internal import CMartletLog
internal import Logging
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Disk space set aside while there is plenty and given back when the disk is full, so that checkpoints, retention and
/// committed offsets still find room (RULES 8). While it is released, appends are refused until it could be taken again
/// with as much to spare. Any thread.
final class ReserveFile: Sendable {
    private let io: LogIO
    private let path: String
    private let directory: String
    private let bytes: Int
    private let logger: Logger
    private let released = Atomic<Bool>(false)
    private let taken = Atomic<Bool>(false)

    init(io: LogIO, directory: String, bytes: Int, logger: Logger) {
        self.io = io
        self.directory = directory
        path = "\(directory)/reserve"
        self.bytes = bytes
        self.logger = logger
    }

    /// So many bytes have to be free before appends go on.
    private var wantedBytes: Int { 2 * bytes }

    private var isReleased: Bool { released.load(ordering: .relaxed) }

    /// Takes the space at the first call. A disk without room leaves the reserve released: it is tried again before
    /// each append.
    func takeOnce() {
        guard bytes > 0, !taken.exchange(true, ordering: .relaxed) else { return }
        released.store(!allocate(), ordering: .relaxed)
        if isReleased {
            logger.warning("no room for the reserve file; appends are refused", metadata: ["path": "\(path)"])
        }
    }

    /// The disk is full: gives the space back.
    func release() {
        guard bytes > 0, !released.exchange(true, ordering: .relaxed) else { return }
        logger.error(
            "the disk is full: the reserve was released, appends are refused until there is room again",
            metadata: ["path": "\(path)", "reserve_bytes": "\(bytes)", "free_bytes_wanted": "\(wantedBytes)"]
        )
        try? io.remove(path, sync: false)
    }

    /// Whether appends may go on: takes the reserve again when there is room for it twice over.
    func allowsAppends() -> Bool {
        guard isReleased else { return true }
        guard let free = DirectoryListing.freeBytes(directory), free >= Int64(wantedBytes), allocate() else {
            return false
        }
        if released.exchange(false, ordering: .relaxed) {
            logger.notice("there is room on the disk again; appends go on", metadata: ["path": "\(path)"])
        }
        return true
    }

    private func allocate() -> Bool {
        let calls = io.table.pointee
        let descriptor = calls.open(calls.context, path, O_CREAT | O_RDWR | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { return false }
        defer { _ = calls.close(calls.context, descriptor) }
        while calls.fallocate(calls.context, descriptor, 0, 0, off_t(bytes)) != 0 {
            // A file system without fallocate has no reserve and needs none of these checks.
            if errno == EOPNOTSUPP { return true }
            if errno != EINTR { return false }
        }
        return true
    }
}
