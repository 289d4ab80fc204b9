import Foundation

/// Runs of the real `martlet` program, which stands beside the tests' own.
enum MartletProcess {
    struct Outcome {
        var code: Int32
        var output: String
        var errors: String

        var lines: [Substring] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }
    }

    /// The build puts both into one directory.
    private static let program = URL(filePath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
        .appending(path: "martlet")

    /// Runs a line of shell, in which `$MARTLET` is the program, with `directory` as its own.
    static func shell(_ line: String, broker: String? = nil, in directory: URL) async throws -> Outcome {
        try await run(
            ["-c", line], broker: broker, in: directory, program: URL(filePath: "/bin/sh"),
            environment: ["MARTLET": program.path()])
    }

    /// A process that is not started yet; its output goes to `output`.
    static func make(_ arguments: [String], broker: String?, output: Any, errors: Any) -> Process {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            broker.map { ["MARTLET_BROKER": $0] } ?? [:], uniquingKeysWith: { $1 })
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        return process
    }

    /// Waits for the process's end without holding a thread.
    static func exit(of process: Process) async throws -> Int32 {
        try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }

    /// Runs to the end. `input`: standard input.
    static func run(
        _ arguments: [String], broker: String? = nil, input: Data? = nil, in directory: URL,
        program: URL = program, environment: [String: String] = [:]
    ) async throws -> Outcome {
        func file(_ kind: String) throws -> (URL, FileHandle) {
            let url = directory.appending(path: "\(UUID().uuidString).\(kind)")
            try Data().write(to: url)
            return (url, try FileHandle(forWritingTo: url))
        }
        let (output, outputHandle) = try file("out")
        let (errors, errorsHandle) = try file("err")
        let process = make(arguments, broker: broker, output: outputHandle, errors: errorsHandle)
        process.executableURL = program
        process.environment?.merge(environment) { $1 }
        process.currentDirectoryURL = directory
        if let input {
            let (url, _) = try file("in")
            try input.write(to: url)
            process.standardInput = try FileHandle(forReadingFrom: url)
        }
        let code = try await exit(of: process)
        return Outcome(
            code: code, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }
}

/// A broker in a process and a directory of its own, for as long as the object lives.
final class BrokerUnderTest: Sendable {
    let directory: URL
    let address: String
    private let process: Process
    private let stopped: Task<Int32, any Error>

    /// Returns once it serves, which it says in its log.
    init() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "martlet-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let ready = directory.appending(path: "ready")
        let log = Pipe()
        let process = MartletProcess.make(
            [
                "broker", "--data", directory.appending(path: "data").path(), "--listen", "127.0.0.1:0", "--ready-file",
                ready.path(),
            ], broker: nil, output: log, errors: log)
        stopped = Task { try await MartletProcess.exit(of: process) }
        self.process = process
        self.directory = directory
        address = try await Self.addressOnceServing(log.fileHandleForReading)
    }

    deinit {
        if process.isRunning { process.terminate() }
        try? FileManager.default.removeItem(at: directory)
    }

    /// Reads the log up to the line that names the listener's address, and goes on emptying it.
    private static func addressOnceServing(_ log: FileHandle) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "broker-log").async {
                var text = ""
                while !text.contains("serving address=") || !text.hasSuffix("\n") {
                    let more = log.availableData
                    if more.isEmpty { return continuation.resume(throwing: Failure(text: "the broker ended: \(text)")) }
                    text += String(decoding: more, as: UTF8.self)
                }
                let address = text.components(separatedBy: "serving address=")[1].prefix { !$0.isWhitespace }
                continuation.resume(returning: String(address))
                while !log.availableData.isEmpty {}
            }
        }
    }

    struct Failure: Error { let text: String }

    func martlet(_ arguments: String..., input: String? = nil) async throws -> MartletProcess.Outcome {
        try await MartletProcess.run(arguments, broker: address, input: input.map { Data($0.utf8) }, in: directory)
    }

    /// Ends the broker in order; returns its exit code.
    func stop(_ signal: Int32 = SIGTERM) async throws -> Int32 {
        kill(process.processIdentifier, signal)
        return try await stopped.value
    }
}
