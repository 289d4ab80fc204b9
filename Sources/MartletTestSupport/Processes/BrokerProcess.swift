internal import Foundation

/// A broker as a process of its own: the `martlet` that was built beside the tests. Any thread.
package final class BrokerProcess: Sendable {
    /// How a broker is started; the same again is the same broker, back at its address.
    package struct Options: Sendable {
        package var dataDirectory: String
        package var port: Int
        /// Settings of the broker, by name.
        package var settings: [String: String]
        package var environment: [String: String] = [:]

        /// At a port of its own, below the range of outgoing connections.
        package init(dataDirectory: String, settings: [String: String] = [:]) throws {
            self.dataDirectory = dataDirectory
            self.settings = settings
            port = try FreePort.find()
        }

        package var address: String { "127.0.0.1:\(port)" }
        package var readyFile: String { dataDirectory + ".ready" }

        /// The command line, in this one place.
        package var arguments: [String] {
            ["broker", "--data", dataDirectory, "--listen", address, "--ready-file", readyFile]
                + settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        }
    }

    package let options: Options
    package let process: ChildProcess

    /// Starts it; it is not ready yet.
    package init(_ options: Options) throws {
        self.options = options
        unlink(options.readyFile)
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MARTLET_") }
        environment.merge(options.environment) { $1 }
        process = try ChildProcess(Self.binary, options.arguments, environment: environment)
    }

    /// Starts it and waits until it serves.
    package static func start(_ options: Options) async throws -> BrokerProcess {
        let broker = try BrokerProcess(options)
        try await broker.waitUntilReady()
        return broker
    }

    /// `MARTLET_BINARY`, or what the build has put beside the tests.
    package static let binary = ProcessInfo.processInfo.environment["MARTLET_BINARY"] ?? builtProgram("martlet")

    /// A program that the build has put beside the tests.
    package static func builtProgram(_ name: String) -> String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return tests.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/\(name)"
    }

    package var address: String { options.address }
    package var log: OutputLog { process.errors }

    /// Returns once the broker says that it serves and its readiness file is there.
    package func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
        guard await log.line(containing: ": serving ", within: limit) != nil else {
            throw TestFailure("the broker does not serve; its last words:\n\(log.tail)")
        }
        let content = FileManager.default.contents(atPath: options.readyFile) ?? Data()
        guard content == Data("\(address)\n".utf8) else {
            throw TestFailure("the broker serves, and its readiness file holds \(Array(content))")
        }
    }

    /// Throws when the broker has not said so within `limit`.
    @discardableResult
    package func waitForLog(_ text: String, within limit: Duration = .seconds(60)) async throws -> String {
        guard let line = await log.line(containing: text, within: limit) else {
            throw TestFailure("the broker never said \"\(text)\"; its last words:\n\(log.tail)")
        }
        return line
    }

    /// A clean stop: SIGTERM, and exit code 0.
    package func stop() async throws {
        process.signal(SIGTERM)
        let end = try await process.waitUntilEnded()
        guard end == .exited(0) else {
            throw TestFailure("the broker's clean stop ended with \(end); its last words:\n\(log.tail)")
        }
    }

    /// kill -9; returns when it is gone.
    package func kill() async {
        await process.kill()
    }

    /// SIGSTOP: it is there and does nothing, until ``resume()``.
    package func suspend() { process.signal(SIGSTOP) }
    package func resume() { process.signal(SIGCONT) }

    /// Resident memory that no file backs, in bytes.
    package func anonymousMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        guard let kibibytes = line?.split(separator: " ").compactMap({ Int($0) }).first else {
            throw TestFailure("/proc/\(process.pid)/status has no RssAnon")
        }
        return kibibytes << 10
    }
}
