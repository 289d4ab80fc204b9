internal import Foundation

/// A member of an etcd cluster, mostly the only one, as a process of its own on loopback. Any thread.
package final class EtcdProcess: Sendable {
    /// How it is started; the same again is the same member, back at its address.
    package struct Options: Sendable {
        package var dataDirectory: String
        package var clientPort: Int
        package var peerPort: Int
        /// Further arguments of etcd's: certificates, quotas.
        package var arguments: [String] = []
        /// Clients come by TLS.
        package var isSecure = false
        private var name = "one"
        /// All members, as etcd wants them named; nil for one alone.
        private var cluster: String?

        package init(dataDirectory: String) throws {
            self.dataDirectory = dataDirectory
            clientPort = try FreePort.find()
            peerPort = try FreePort.find()
        }

        /// Of a cluster of `count` members, each with a folder below `directory`.
        package static func cluster(of count: Int, in directory: String) throws -> [Options] {
            var members = try (1...count).map { number in
                var options = try Options(dataDirectory: "\(directory)/etcd-\(number)")
                options.name = "m\(number)"
                return options
            }
            let cluster = members.map { "\($0.name)=\($0.peerURL)" }.joined(separator: ",")
            for index in members.indices { members[index].cluster = cluster }
            return members
        }

        package var url: String { "\(isSecure ? "https" : "http")://127.0.0.1:\(clientPort)" }
        private var peerURL: String { "http://127.0.0.1:\(peerPort)" }

        /// Who it is among the members.
        var identity: [String] {
            [
                "--name", name, "--initial-advertise-peer-urls", peerURL, "--initial-cluster",
                cluster ?? "\(name)=\(peerURL)",
            ]
        }

        var commandLine: [String] {
            [
                "--data-dir", dataDirectory, "--listen-client-urls", url, "--advertise-client-urls", url,
                "--listen-peer-urls", peerURL, "--logger", "zap", "--log-outputs", "stderr", "--heartbeat-interval",
                "50", "--election-timeout", "500",
            ] + identity + arguments
        }
    }

    package let options: Options
    package let process: ChildProcess

    /// Starts it and waits until it serves.
    package static func start(_ options: Options) async throws -> EtcdProcess {
        let etcd = try EtcdProcess(options)
        guard await etcd.process.errors.line(containing: "serving", within: .seconds(60)) != nil else {
            throw TestFailure("etcd does not serve; its last words:\n\(etcd.process.errors.tail)")
        }
        return etcd
    }

    /// Starts all members; none serves before most are there.
    package static func start(_ members: [Options]) async throws -> [EtcdProcess] {
        try await withThrowingTaskGroup(of: (Int, EtcdProcess).self) { group in
            for (index, options) in members.enumerated() {
                group.addTask { (index, try await start(options)) }
            }
            return try await group.reduce(into: [(Int, EtcdProcess)]()) { $0.append($1) }
                .sorted { $0.0 < $1.0 }.map { $0.1 }
        }
    }

    private init(_ options: Options) throws {
        self.options = options
        process = try ChildProcess(try Self.find("etcd"), options.commandLine)
    }

    package var url: String { options.url }

    /// kill -9; returns when it is gone.
    package func kill() async {
        await process.kill()
    }

    /// SIGSTOP: it is there and does nothing, until ``resume()``.
    package func suspend() { process.signal(SIGSTOP) }
    package func resume() { process.signal(SIGCONT) }

    /// Runs etcdctl against it; returns what it printed. Throws when it fails.
    @discardableResult
    package func control(_ arguments: String...) async throws -> String {
        try await Self.control(["--endpoints", url] + arguments)
    }

    /// Puts a member, alone in its cluster, back to what it was when `snapshot` was saved. It must not run.
    package static func restore(_ options: Options, from snapshot: String) async throws {
        try FileManager.default.removeItem(atPath: options.dataDirectory)
        try await control(["snapshot", "restore", snapshot, "--data-dir", options.dataDirectory] + options.identity)
    }

    @discardableResult
    private static func control(_ arguments: [String]) async throws -> String {
        let command = try ChildProcess(
            try find("etcdctl"), arguments,
            environment: ProcessInfo.processInfo.environment.merging(["ETCDCTL_API": "3"]) { $1 })
        let end = try await command.waitUntilEnded()
        guard end == .exited(0) else {
            throw TestFailure("etcdctl \(arguments) ended with \(end): \(command.errors.tail)")
        }
        return command.output.tail
    }

    /// Debian's packages etcd-server and etcd-client.
    private static func find(_ program: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        for directory in path.split(separator: ":") {
            let candidate = "\(directory)/\(program)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw TestFailure("\(program) is not installed: `make test-packages` does it")
    }
}
