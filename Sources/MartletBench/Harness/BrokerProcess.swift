import Foundation
import Synchronization

/// A `martlet broker` started for one scenario: on loopback, a free port, and a data directory of its own.
///
/// Any thread; start, stop and kill are called by one task at a time.
final class BrokerProcess: Sendable {
    /// "host:port" of its listener.
    let address: String
    var pid: Int32 { life.pid }
    /// Where Prometheus text is served, "host:port".
    let metricsAddress: String
    /// From starting the process until its readiness file was there.
    let startupTime: Duration

    private let life: ChildLife
    private let logPath: String

    private init(
        address: String, metricsAddress: String, startupTime: Duration, life: ChildLife, logPath: String
    ) {
        self.address = address
        self.metricsAddress = metricsAddress
        self.startupTime = startupTime
        self.life = life
        self.logPath = logPath
    }

    private static let startTimeout = Duration.seconds(120)
    private static let stopTimeout = Duration.seconds(60)

    /// Returns once the broker has written its readiness file. `runDirectory` receives that file and the log.
    static func start(
        binary: String, dataDirectory: String, runDirectory: String
    ) async throws -> BrokerProcess {
        let readyFile = "\(runDirectory)/ready"
        let logPath = "\(runDirectory)/broker.log"
        try? FileManager.default.removeItem(atPath: readyFile)
        guard FileManager.default.createFile(atPath: logPath, contents: nil) else {
            throw BenchError("the broker's log \(logPath) cannot be created")
        }

        let metricsAddress = "127.0.0.1:\(try FreePort.find())"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = [
            "broker", "--data", dataDirectory, "--listen", "127.0.0.1:0", "--ready-file", readyFile,
            "--metrics", metricsAddress,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: logPath)
        let life = try ChildLife(starting: process)
        let address = try await waitUntilReady(process, readyFile: readyFile, logPath: logPath, start: life.startedAt)
        return BrokerProcess(
            address: address, metricsAddress: metricsAddress, startupTime: ContinuousClock.now - life.startedAt,
            life: life, logPath: logPath)
    }

    private static func waitUntilReady(
        _ process: Process, readyFile: String, logPath: String, start: ContinuousClock.Instant
    ) async throws -> String {
        while true {
            if let content = FileManager.default.contents(atPath: readyFile) {
                let address = String(decoding: content, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                if !address.isEmpty { return address }
            }
            guard process.isRunning else {
                throw BenchError("the broker ended before it was ready; its last words:\n\(tail(of: logPath))")
            }
            guard ContinuousClock.now - start < startTimeout else {
                process.terminate()
                throw BenchError(
                    "the broker was not ready within \(startTimeout); its last words:\n\(tail(of: logPath))")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func usage() throws -> ProcessUsage { try ProcessUsage(pid: pid) }

    /// A clean stop. Throws when it takes more than a minute.
    func stop() async throws {
        life.signal(SIGTERM)
        let life = self.life
        let inTime = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await life.waitUntilEnded()
                return !Task.isCancelled
            }
            group.addTask {
                try? await Task.sleep(for: Self.stopTimeout)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        guard inTime else {
            await kill()
            throw BenchError(
                "the broker did not stop within \(Self.stopTimeout); its last words:\n\(Self.tail(of: logPath))")
        }
    }

    /// kill -9; returns when the process is gone. Harmless when it is gone already.
    func kill() async {
        life.signal(SIGKILL)
        await life.waitUntilEnded()
    }

    private static func tail(of path: String) -> String {
        let content = FileManager.default.contents(atPath: path) ?? Data()
        return String(decoding: content.suffix(2000), as: UTF8.self)
    }
}
