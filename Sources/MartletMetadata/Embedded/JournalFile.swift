#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A failed call on the journal.
struct JournalFailure: Error {
    /// What was attempted, on which file, and what the system said.
    var message: String
    /// The file is as it was before: the write may be tried again.
    var isRetriable: Bool
}

/// The open journal of an embedded store: whole frames, each durable before the next. Blocking; one user at a time.
struct JournalFile: ~Copyable {
    private let descriptor: CInt
    private let path: String
    private let system: JournalSystem
    /// Where the next frame goes.
    private(set) var end: Int

    private init(descriptor: CInt, path: String, system: JournalSystem, end: Int) {
        self.descriptor = descriptor
        self.path = path
        self.system = system
        self.end = end
    }

    deinit { close(descriptor) }

    /// All bytes of the journal at `path`; nil when there is none.
    static func contents(of path: String) throws(JournalFailure) -> [UInt8]? {
        let descriptor = Self.descriptor(path, flags: O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("fstat", path) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("read", path) }
            filled += count
        }
        return bytes
    }

    /// Opens an existing journal whose frames end at `end`; a torn write behind is cut, durably.
    static func open(
        _ path: String, end: Int, cut: Bool, system: JournalSystem
    ) throws(JournalFailure) -> JournalFile {
        let descriptor = Self.descriptor(path, flags: O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        let file = JournalFile(descriptor: descriptor, path: path, system: system, end: end)
        if cut { try file.cutBack() }
        return file
    }

    /// Writes a journal of exactly `bytes` beside `path` and renames it over: after a crash either the old or the new
    /// one is there. Durable on return.
    static func replace(
        _ path: String, in directory: String, with bytes: [UInt8], system: JournalSystem
    ) throws(JournalFailure) -> JournalFile {
        let temporary = path + ".tmp"
        let descriptor = Self.descriptor(temporary, flags: O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", temporary) }
        var file = JournalFile(descriptor: descriptor, path: path, system: system, end: 0)
        try file.append(bytes)
        guard system.rename(temporary, path) == 0 else { throw failure("rename", path) }
        try syncDirectory(directory, system: system)
        return file
    }

    /// Creates `directory` and makes its name durable.
    static func createDirectory(_ directory: String, system: JournalSystem) throws(JournalFailure) {
        if mkdir(directory, 0o750) == 0 {
            try syncDirectory(directory + "/..", system: system)
        } else if errno != EEXIST {
            throw failure("mkdir", directory)
        }
    }

    /// Appends a frame; durable on return. When it fails retriably the file is as it was.
    mutating func append(_ frame: [UInt8]) throws(JournalFailure) {
        var written = 0
        while written < frame.count {
            let count = frame.withUnsafeBytes {
                system.pwrite(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]), off_t(end + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                var failure = Self.failure("pwrite", path, error: count == 0 ? ENOSPC : errno)
                failure.isRetriable = failure.isRetriable && (try? cutBack()) != nil
                throw failure
            }
            written += count
        }
        // A failed sync leaves unknown what is on disk: never retried over.
        guard system.fsync(descriptor) == 0 else { throw Self.failure("fsync", path, error: errno, retriable: false) }
        end += frame.count
    }

    /// Makes the file end where its frames do, durably.
    private func cutBack() throws(JournalFailure) {
        guard system.ftruncate(descriptor, off_t(end)) == 0 else { throw Self.failure("ftruncate", path) }
        guard system.fsync(descriptor) == 0 else { throw Self.failure("fsync", path) }
    }

    private static func syncDirectory(_ directory: String, system: JournalSystem) throws(JournalFailure) {
        let descriptor = Self.descriptor(directory, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", directory) }
        defer { close(descriptor) }
        guard system.fsync(descriptor) == 0 else { throw failure("fsync", directory, error: errno, retriable: false) }
    }

    private static func descriptor(_ path: String, flags: CInt) -> CInt {
        #if canImport(Darwin)
            Darwin.open(path, flags, 0o640)
        #else
            Glibc.open(path, flags, 0o640)
        #endif
    }

    private static func failure(_ call: String, _ path: String) -> JournalFailure {
        failure(call, path, error: errno)
    }

    private static func failure(
        _ call: String, _ path: String, error: CInt, retriable: Bool = true
    ) -> JournalFailure {
        let isFull = error == ENOSPC || error == EDQUOT
        let text = String(cString: strerror(error))
        let remedy = isFull ? "; make room on its file system" : ""
        return JournalFailure(message: "\(path): \(call): \(text)\(remedy)", isRetriable: retriable && isFull)
    }
}
