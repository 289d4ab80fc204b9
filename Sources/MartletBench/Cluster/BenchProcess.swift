import Foundation

/// A program started for a scenario, with its output in a file. Any thread; started and ended by one task at a time.
final class BenchProcess: Sendable {
    let name: String
    let pid: Int32
    private let ended: AsyncStream<Void>
    private let logPath: String

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
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
        pid = process.processIdentifier
        self.ended = ended
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Returns when it is gone.
    func waitUntilEnded() async {
        for await _ in ended {}
    }

    var lastWords: String {
        String(decoding: (FileManager.default.contents(atPath: logPath) ?? Data()).suffix(2000), as: UTF8.self)
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
