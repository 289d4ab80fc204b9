internal import CMartletCeiling
import Foundation

/// A loop of the ceiling that could not be run to its end.
struct CeilingError: Error, CustomStringConvertible {
    var description: String

    init(_ status: mlog_ceiling_status, _ error: mlog_ceiling_error) {
        let what = String(cString: mlog_ceiling_status_text(status))
        let step = error.step.map { " while \(String(cString: $0))" } ?? ""
        let reason = error.os_error == 0 ? "" : ": \(String(cString: strerror(error.os_error)))"
        description = "the ceiling's loop failed: \(what)\(step)\(reason)"
    }
}

/// What one loop did.
struct CeilingResult: Sendable {
    var records: Int
    var bytes: Int
    var elapsed: Duration
    var serverCPU: Duration

    var recordsPerSecond: Double { Double(records) / elapsed.inSeconds }
    var serverNanosecondsPerRecord: Double { serverCPU.inSeconds * 1e9 / Double(Swift.max(records, 1)) }

    init(_ result: mlog_ceiling_result) {
        records = Int(result.records)
        bytes = Int(result.bytes)
        elapsed = .nanoseconds(Int64(result.elapsed_ns))
        serverCPU = .nanoseconds(Int64(result.server_cpu_ns))
    }
}

/// The bare C loops. Each call blocks a thread of its own for seconds, never the caller's executor.
enum Ceiling {
    struct Options: Sendable {
        var directory: String
        var totalBytes: Int
        var recordBytes: Int
        var batchBytes: Int
    }

    static func produce(_ options: Options, progress: ProgressLine) async throws -> CeilingResult {
        try await run(options, progress, loop: mlog_ceiling_produce)
    }

    static func fetch(_ options: Options, progress: ProgressLine) async throws -> CeilingResult {
        try await run(options, progress, loop: mlog_ceiling_fetch)
    }

    /// The latencies of `count` messages sent at `ratePerSecond`, in nanoseconds from when each was due.
    static func echo(
        count: Int, messageBytes: Int, ratePerSecond: Int, progress: ProgressLine
    ) async throws -> [UInt64] {
        try await DedicatedThread.run {
            var options = mlog_ceiling_echo_options()
            options.count = UInt64(count)
            options.message_bytes = UInt32(messageBytes)
            options.rate_per_s = UInt32(ratePerSecond)
            options.stall_timeout_ms = stallTimeoutMs
            options.progress = callback(progress)
            var result = mlog_ceiling_result()
            var error = mlog_ceiling_error()
            var latencies = [UInt64](repeating: 0, count: count)
            let status = mlog_ceiling_echo(&options, &latencies, &result, &error)
            guard status == .MLOG_CEILING_OK else { throw CeilingError(status, error) }
            return latencies
        }
    }

    /// How fast one core packs `data` in blocks of `blockBytes`.
    static func compress(_ data: [UInt8], blockBytes: Int, totalBytes: Int) async throws -> CeilingResult {
        try await DedicatedThread.run {
            var packedBytes: UInt64 = 0
            var result = mlog_ceiling_result()
            var error = mlog_ceiling_error()
            let status = mlog_ceiling_compress(
                data, data.count, UInt32(blockBytes), UInt64(totalBytes), &packedBytes, &result, &error)
            guard status == .MLOG_CEILING_OK else { throw CeilingError(status, error) }
            return CeilingResult(result)
        }
    }

    private typealias Loop =
        @Sendable (
            UnsafePointer<mlog_ceiling_options>?, UnsafeMutablePointer<mlog_ceiling_result>?,
            UnsafeMutablePointer<mlog_ceiling_error>?
        ) -> mlog_ceiling_status

    private static let stallTimeoutMs: UInt32 = 30_000

    private static func run(
        _ options: Options, _ progress: ProgressLine, loop: @escaping Loop
    ) async throws -> CeilingResult {
        try await DedicatedThread.run {
            try options.directory.withCString { directory in
                var settings = mlog_ceiling_default_options()
                settings.directory = directory
                settings.total_bytes = UInt64(options.totalBytes)
                settings.record_bytes = UInt32(options.recordBytes)
                settings.batch_bytes = UInt32(options.batchBytes)
                settings.stall_timeout_ms = stallTimeoutMs
                settings.progress = callback(progress)
                var result = mlog_ceiling_result()
                var error = mlog_ceiling_error()
                let status = loop(&settings, &result, &error)
                guard status == .MLOG_CEILING_OK else { throw CeilingError(status, error) }
                return CeilingResult(result)
            }
        }
    }

    /// The loops call back on the thread that runs them, which holds `progress` until they end.
    private static func callback(_ progress: ProgressLine) -> mlog_ceiling_progress {
        mlog_ceiling_progress(
            report: { context, fraction in
                guard let context else { return }
                Unmanaged<ProgressLine>.fromOpaque(context).takeUnretainedValue().show(fraction: fraction)
            },
            context: Unmanaged.passUnretained(progress).toOpaque())
    }
}

/// The clock and the sleep that the echo uses, so that the product is paced and timed in the same way.
enum Pace {
    static var nowNanoseconds: UInt64 { mlog_ceiling_now_ns() }
    static func usePreciseTimers() { mlog_ceiling_use_precise_timers() }
    static func sleep(untilNanoseconds time: UInt64) { mlog_ceiling_sleep_until(time) }
}
