import Foundation

/// A program started for a scenario, with its output in a file. Any thread; started and ended by one task at a time.
final class BenchProcess: Sendable {
    let name: String
    private let life: ChildLife
    private let logPath: String

    var pid: Int32 { life.pid }
    var startedAt: ContinuousClock.Instant { life.startedAt }

    init(_ name: String, program: String, arguments: [String], logPath: String) throws {
        self.name = name
        self.logPath = logPath
        if !FileManager.default.fileExists(atPath: logPath) {
            guard FileManager.default.createFile(atPath: logPath, contents: nil) else {
                throw BenchError("the log \(logPath) cannot be created")
            }
        }
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: logPath))
        try log.seekToEnd()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        life = try ChildLife(starting: process)
    }

    func signal(_ number: Int32) { life.signal(number) }

    /// Returns when it is gone.
    func waitUntilEnded() async { await life.waitUntilEnded() }

    var lastWords: String {
        String(decoding: (FileManager.default.contents(atPath: logPath) ?? Data()).suffix(2000), as: UTF8.self)
    }

    /// When the first line was written, of those since `begin`, that has `words` in it; nil: there is none. Lines
    /// begin with their time.
    func firstLine(with words: String, since begin: Date) throws -> Date? {
        let log = String(decoding: FileManager.default.contents(atPath: logPath) ?? Data(), as: UTF8.self)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for line in log.split(separator: "\n") where line.contains(words) {
            guard let stamp = line.split(separator: " ").first else { continue }
            let written = try style.parse(String(stamp))
            if written >= begin { return written }
        }
        return nil
    }

    /// The path of an installed program.
    static func find(_ program: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        for directory in path.split(separator: ":") {
            let candidate = "\(directory)/\(program)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw BenchError("\(program) is not installed: `make test-packages` does it")
    }
}
