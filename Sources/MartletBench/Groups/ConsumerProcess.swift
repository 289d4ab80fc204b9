import Foundation
import Synchronization

/// `martlet consume --group` of the same build: what it reads of each partition, and when.
///
/// Any thread. It does not outlive the object.
final class ConsumerProcess: Sendable {
    struct Reading: Sendable {
        var partition: Int32
        /// From when the record was sent until it came out of the process.
        var latency: Duration
        var at: ContinuousClock.Instant
    }

    private let life: ChildLife
    private let readings: Readings

    var startedAt: ContinuousClock.Instant { life.startedAt }

    /// Filled by a thread of its own until the process has closed its output.
    private final class Readings: Sendable {
        let all = Mutex<[Reading]>([])

        func collect(_ descriptor: Int32) {
            var rest: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                let (at, wall) = (ContinuousClock.now, Date().timeIntervalSince1970 * 1000)
                rest += buffer[..<count]
                var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                rest = Array(lines.removeLast())
                let found = lines.compactMap { line -> Reading? in
                    let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
                    guard fields.count == 2, let partition = Int32(fields[0]), let sent = Double(fields[1]) else {
                        return nil
                    }
                    return Reading(partition: partition, latency: .milliseconds(max(wall - sent, 0)), at: at)
                }
                all.withLock { $0 += found }
            }
        }
    }

    init(binary: String, topic: String, group: String, broker: String) throws {
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = ["consume", topic, "--group", group, "--broker", broker, "--format", #"%p %t\n"#]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        life = try ChildLife(starting: process)
        let readings = Readings()
        self.readings = readings
        let handle = output.fileHandleForReading
        Thread.detachNewThread { readings.collect(handle.fileDescriptor) }
    }

    deinit {
        life.signal(SIGKILL)
    }

    /// What it read from then on.
    func readings(since start: ContinuousClock.Instant) -> [Reading] {
        readings.all.withLock { $0.filter { $0.at >= start } }
    }

    /// Ctrl-C: it commits and leaves. Returns at once.
    func interrupt() { life.signal(SIGINT) }

    func waitUntilEnded() async { await life.waitUntilEnded() }

    /// kill -9; returns when the process is gone.
    func kill() async {
        life.signal(SIGKILL)
        await waitUntilEnded()
    }
}
