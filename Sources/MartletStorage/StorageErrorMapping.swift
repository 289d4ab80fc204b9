internal import CMartletLog
internal import MartletCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The one place where statuses of the C core become codes and sentences.
extension StorageError {
    /// `action` completes "cannot ...": "append to topic-3", "open /data/logs/...".
    init(_ status: mlog_status, _ error: mlog_error, cannot action: String) {
        self.init(Self.code(status), Self.sentence(status, error, action), osError: error.os_error)
    }

    private static func code(_ status: mlog_status) -> Code {
        switch status {
        case .MLOG_NO_SPACE: .noSpace
        case .MLOG_TOO_MANY_FILES: .tooManyFiles
        case .MLOG_NO_MEMORY: .noMemory
        case .MLOG_NOT_FOUND: .notFound
        case .MLOG_EXISTS: .alreadyExists
        case .MLOG_LOCKED: .locked
        case .MLOG_NOT_PERMITTED: .notPermitted
        case .MLOG_NOT_A_DIRECTORY: .notADirectory
        case .MLOG_CORRUPT: .corrupt
        case .MLOG_SEGMENT_FULL, .MLOG_IO_ERROR, .MLOG_OK: .ioError
        }
    }

    private static func sentence(_ status: mlog_status, _ error: mlog_error, _ action: String) -> String {
        var text = "cannot \(action): \(String(cString: mlog_status_text(status)))"
        if error.os_error != 0 {
            let operation = error.operation.map { String(cString: $0) } ?? "system call"
            text += " (\(operation): \(String(cString: strerror(error.os_error))))"
        }
        return remedy(status).map { "\(text). \($0)" } ?? text
    }

    /// What a person can do about it.
    private static func remedy(_ status: mlog_status) -> String? {
        switch status {
        case .MLOG_NO_SPACE:
            "Free space on the disk, or lower retention; the write can be tried again."
        case .MLOG_TOO_MANY_FILES:
            "Raise the limit on open files (ulimit -n, LimitNOFILE)."
        case .MLOG_LOCKED:
            "Another broker runs on this data directory: stop it, or give this one its own."
        case .MLOG_NOT_PERMITTED:
            "Check that the broker's user owns the data directory and that it is not mounted read-only."
        case .MLOG_NOT_A_DIRECTORY:
            "Move away what is there, or choose another path."
        case .MLOG_IO_ERROR:
            "Check the disk and the kernel's log."
        case .MLOG_OK, .MLOG_NO_MEMORY, .MLOG_NOT_FOUND, .MLOG_EXISTS, .MLOG_SEGMENT_FULL, .MLOG_CORRUPT:
            nil
        }
    }

    /// A failed system call that does not come from the C core.
    init(errno number: Int32, cannot action: String) {
        let code: Code =
            switch number {
            case ENOSPC, EDQUOT: .noSpace
            case EMFILE, ENFILE: .tooManyFiles
            case ENOENT: .notFound
            case EEXIST, ENOTEMPTY: .alreadyExists
            case EACCES, EPERM, EROFS: .notPermitted
            case ENOTDIR, EISDIR: .notADirectory
            case ENOMEM: .noMemory
            default: .ioError
            }
        self.init(code, "cannot \(action): \(String(cString: strerror(number)))", osError: number)
    }
}
