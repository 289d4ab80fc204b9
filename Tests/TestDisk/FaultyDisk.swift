import CMartletFaultyIO

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

/// A disk that fails when told to, and can lose its power (CMartletFaultyIO).
///
/// @unchecked Sendable: the C side takes a lock for each call.
final class FaultyDisk: @unchecked Sendable {
    private let disk: OpaquePointer
    private let limbo = TemporaryDirectory()

    init() {
        guard let disk = mlog_faulty_open(limbo.path + "/limbo") else {
            preconditionFailure("no faulty disk: \(String(cString: strerror(errno)))")
        }
        self.disk = disk
    }

    deinit {
        mlog_faulty_close(disk)
    }

    var io: LogIO {
        guard let table = mlog_faulty_io(disk) else { preconditionFailure("the disk has a table") }
        return LogIO(table: UnsafeRawPointer(table))
    }

    /// The `nth` call of that kind from now on, on files whose path has `pathPart` in it, and `times` in all, fails.
    func fail(
        _ kind: mlog_call_kind, nth: UInt64 = 1, times: UInt64 = 1, with error: Int32, path pathPart: String? = nil
    ) {
        var fault = mlog_fault()
        fault.kind = kind
        fault.nth = nth
        fault.times = times
        fault.os_error = error
        let isInjected = pathPart.withOptionalCString { path in
            fault.path_part = path
            return mlog_faulty_inject(disk, &fault)
        }
        precondition(isInjected, "too many faults")
    }

    func heal() {
        mlog_faulty_heal(disk)
    }

    func calls(_ kind: mlog_call_kind) -> UInt64 {
        mlog_faulty_calls(disk, kind)
    }

    /// Fails everything after that many more changes, as if the process had been killed.
    func crash(afterChanges count: UInt64) {
        mlog_faulty_crash_after(disk, count)
    }

    var hasCrashed: Bool { mlog_faulty_crashed(disk) }

    /// Drops a subset of what was not synced.
    @discardableResult
    func losePower(seed: UInt64) -> mlog_power_loss {
        var loss = mlog_power_loss()
        let status = mlog_faulty_power_loss(disk, seed, &loss)
        precondition(status == 0, "cannot change the files: \(String(cString: strerror(errno)))")
        return loss
    }

    func restart() {
        mlog_faulty_restart(disk)
    }
}

extension String? {
    fileprivate func withOptionalCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let self else { return body(nil) }
        return self.withCString { body($0) }
    }
}
