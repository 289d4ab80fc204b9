package import CMartletFaultyIO
internal import Foundation
package import MartletStorage

/// A disk that fails when told to, and can lose its power (CMartletFaultyIO). Outlives every store on it.
///
/// Sendable: it is constant, and the C side takes a lock for each call.
package final class FaultyDisk: @unchecked Sendable {
    private let disk: OpaquePointer
    /// What was unlinked or overwritten, until a power cut or the end.
    private let limbo: String

    /// - Parameter directory: What is tested; what a power cut may bring back is kept beside it.
    package init(for directory: String) {
        limbo = directory + ".limbo"
        guard let disk = mlog_faulty_open(limbo) else {
            preconditionFailure("no faulty disk at \(limbo): \(String(cString: strerror(errno)))")
        }
        self.disk = disk
    }

    deinit {
        mlog_faulty_close(disk)
        try? FileManager.default.removeItem(atPath: limbo)
    }

    package var io: LogIO {
        guard let table = mlog_faulty_io(disk) else { preconditionFailure("the disk has a table") }
        return LogIO(table: UnsafeRawPointer(table))
    }

    /// The `nth` call of that kind from now on, on files whose path has `pathPart` in it, and `times` in all, fails.
    package func fail(
        _ kind: mlog_call_kind, nth: UInt64 = 1, times: UInt64 = 1, with error: Int32, path pathPart: String? = nil
    ) {
        inject(
            mlog_fault(kind: kind, nth: nth, times: times, os_error: error, short_bytes: 0, path_part: nil), pathPart)
    }

    /// From now on syncs of data succeed and keep nothing, on files whose path has `pathPart` in it.
    package func lieAboutSyncs(path pathPart: String) {
        let kind = mlog_call_kind.MLOG_CALL_FDATASYNC
        inject(mlog_fault(kind: kind, nth: 1, times: .max, os_error: 0, short_bytes: 0, path_part: nil), pathPart)
    }

    /// From now on nothing is in the page cache, of files whose path has `pathPart` in it.
    package func makeCold(path pathPart: String) {
        let kind = mlog_call_kind.MLOG_CALL_CACHED_PAGES
        inject(mlog_fault(kind: kind, nth: 1, times: .max, os_error: 0, short_bytes: 0, path_part: nil), pathPart)
    }

    private func inject(_ fault: mlog_fault, _ pathPart: String?) {
        var fault = fault
        let isInjected = pathPart.withOptionalCString { path in
            fault.path_part = path
            return mlog_faulty_inject(disk, &fault)
        }
        precondition(isInjected, "too many faults")
    }

    package func heal() {
        mlog_faulty_heal(disk)
    }

    /// How often it was asked what is in the page cache.
    package var cacheProbes: UInt64 { calls(.MLOG_CALL_CACHED_PAGES) }

    package func calls(_ kind: mlog_call_kind) -> UInt64 {
        mlog_faulty_calls(disk, kind)
    }

    /// Fails everything after that many more changes, as if the process had been killed.
    package func crash(afterChanges count: UInt64) {
        mlog_faulty_crash_after(disk, count)
    }

    package var hasCrashed: Bool { mlog_faulty_crashed(disk) }

    /// Returns once it has crashed; false: it has not after so long. Blocks.
    package func waitForCrash(atMostMs: UInt64) -> Bool { mlog_faulty_wait_for_crash(disk, atMostMs) }

    /// Drops a subset of what was not synced.
    @discardableResult
    package func losePower(seed: UInt64) -> mlog_power_loss {
        var loss = mlog_power_loss()
        let status = mlog_faulty_power_loss(disk, seed, &loss)
        precondition(status == 0, "cannot change the files: \(String(cString: strerror(errno)))")
        return loss
    }

    /// The kernel takes back the memory of pages that a failed sync left, which count as clean: they are as the disk has
    /// them.
    package func dropClean() {
        let status = mlog_faulty_drop_clean(disk)
        precondition(status == 0, "cannot change the files: \(String(cString: strerror(errno)))")
    }

    package func restart() {
        mlog_faulty_restart(disk)
    }
}

extension String? {
    fileprivate func withOptionalCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let self else { return body(nil) }
        return self.withCString { body($0) }
    }
}
