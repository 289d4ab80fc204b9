package import ArgumentParser
internal import Foundation
package import Logging
package import Martlet

/// How to reach the cluster: the flags that every client command has.
package struct ClientOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where a broker listens; several, with commas between, are tried in turn. "
                + "(default: $MARTLET_BROKER, else 127.0.0.1:7400)",
            valueName: "host:port"))
    package var broker: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long failures that may pass are tried again: 10s, 2m. (default: 10s; deliveries of produce: 2m)",
            valueName: "time"))
    package var timeout: String?

    @Flag(name: .long, help: "Tell on standard error what the client does.")
    package var verbose = false

    package init() {}

    package func validate() throws {
        _ = try configuration()
    }

    package var logger: Logger { logger(atLeast: .warning) }

    /// One that tells what is at least so bad; with `--verbose`, everything.
    func logger(atLeast level: Logger.Level) -> Logger {
        var logger = Logger(label: "martlet") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : level
        return logger
    }

    /// What the flags and the environment say; nothing is contacted.
    package func configuration(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ClientConfiguration {
        let fromEnvironment = environment["MARTLET_BROKER"].flatMap { $0.isEmpty ? nil : $0 }
        let source = broker != nil ? "--broker" : "MARTLET_BROKER"
        let text = broker ?? fromEnvironment ?? "127.0.0.1:\(BrokerAddress.defaultPort)"
        let addresses = try text.split(separator: ",").map { part in
            guard let address = BrokerAddress(part) else {
                throw ValidationError("\(source): '\(part)' is not an address: write HOST:PORT")
            }
            return address
        }
        guard !addresses.isEmpty else { throw ValidationError("\(source) is empty: write HOST:PORT") }
        var configuration = ClientConfiguration(bootstrap: addresses)
        configuration.clientName = "martlet-cli"
        configuration.operationTimeout = .seconds(10)
        if let timeout {
            guard let duration = DurationText.parse(timeout), duration >= .milliseconds(10), duration <= .seconds(3600)
            else {
                throw ValidationError("--timeout: '\(timeout)' is not a time between 10ms and 1h: write 10s")
            }
            configuration.operationTimeout = duration
        }
        return configuration
    }

    /// The configuration, once a broker has been seen to be there: somebody who forgot to start one, or mistyped its
    /// address, is told at once rather than after the timeout.
    package func connect() async throws -> ClientConfiguration {
        let configuration = try configuration()
        var once = configuration
        once.operationTimeout = .milliseconds(10)
        do {
            try await withAdmin(once, logger: logger) { _ = try await $0.describeCluster() }
        } catch var error as MartletError where error.isUnreachable {
            // There was one attempt, and nobody is interested in what it asked.
            if let reason = error.message.range(of: "cannot connect") {
                error.message.removeSubrange(..<reason.lowerBound)
            }
            throw error
        } catch {
            // Somebody is there; the command itself will meet the failure and say what it was about.
        }
        return configuration
    }

    /// Runs `body` with an admin client.
    package func withAdmin<Result>(_ body: (Admin) async throws -> Result) async throws -> Result {
        try await withAdmin(try await connect(), logger: logger, body)
    }

    private func withAdmin<Result>(
        _ configuration: ClientConfiguration, logger: Logger, _ body: (Admin) async throws -> Result
    ) async throws -> Result {
        try await Martlet.withAdmin(configuration, logger: logger, body)
    }
}

/// The flag of commands that can print for programs.
package struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON, one object a line.")
    package var json = false

    package init() {}
}
