import Foundation

/// What a process has used, as the kernel counts it.
package struct ProcessUsage: Sendable, Hashable {
    /// User and system time of all its threads, ended ones included. Counted in ticks of 10 ms.
    package var cpu: Duration
    /// Memory that no file stands behind, in bytes.
    package var anonymousBytes: Int

    package init(pid: Int32) throws {
        guard let stat = Self.read("/proc/\(pid)/stat"), let status = Self.read("/proc/\(pid)/status"),
            let ticks = Self.cpuTicks(stat: stat), let bytes = Self.anonymousBytes(status: status)
        else { throw BenchError("process \(pid) is gone or /proc cannot be read: its CPU time and memory are unknown") }
        let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
        cpu = .nanoseconds(Int64(ticks) * 1_000_000_000 / Int64(ticksPerSecond))
        anonymousBytes = bytes
    }

    /// utime + stime of a line of /proc/PID/stat: fields 14 and 15, counted behind the name, which may hold anything.
    package static func cpuTicks(stat: String) -> Int? {
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
        return user + system
    }

    /// RssAnon of /proc/PID/status, which counts in KiB.
    package static func anonymousBytes(status: String) -> Int? {
        for line in status.split(separator: "\n") where line.hasPrefix("RssAnon:") {
            return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Watches a process's memory while it works.
struct MemoryWatch: Sendable {
    private let task: Task<Int, any Error>

    /// Looks every 20 ms until asked for the peak.
    init(pid: Int32) {
        task = Task {
            var peakBytes = 0
            while !Task.isCancelled {
                peakBytes = max(peakBytes, try ProcessUsage(pid: pid).anonymousBytes)
                try? await Task.sleep(for: .milliseconds(20))
            }
            return peakBytes
        }
    }

    /// The most anonymous memory seen, in bytes; ends the watch.
    func finish() async throws -> Int {
        task.cancel()
        return try await task.value
    }
}
