import Foundation

/// What scenarios share: how much to move, where to put it, which broker to measure.
struct Workbench: Sendable {
    /// Bytes of batches that each throughput run moves.
    var totalBytes: Int
    /// How long an open-loop run sends.
    var latencyDuration: Duration
    /// Holds the data of brokers and ceilings; removed at the end of the run.
    var directory: String
    /// The `martlet` of the same build.
    var brokerBinary: String
    /// A broker that runs already, "host:port"; its CPU time and memory cannot be measured.
    var externalBroker: String?
    var progress: ProgressLine

    /// An empty directory of its own for one scenario.
    func makeDirectory() throws -> String {
        let path = "\(directory)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Removes what a scenario left. Failing to is not worth losing its figures: the run's own directory goes last.
    func discard(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Runs `body` with a broker on an empty data directory of its own, or with the one that was named.
    func withBroker<Result>(_ body: (BrokerUnderTest) async throws -> Result) async throws -> Result {
        if let externalBroker { return try await body(BrokerUnderTest(address: externalBroker, process: nil)) }
        let directory = try makeDirectory()
        defer { discard(directory) }
        let process = try await BrokerProcess.start(
            binary: brokerBinary, dataDirectory: "\(directory)/data", runDirectory: directory)
        do {
            let result = try await body(BrokerUnderTest(address: process.address, process: process))
            try await process.stop()
            return result
        } catch {
            await process.kill()
            throw error
        }
    }

    /// The same, for what can be measured only on a broker of our own.
    func withOwnBroker<Result>(
        _ body: (BrokerUnderTest, BrokerProcess) async throws -> Result
    ) async throws -> Result {
        try await withBroker { broker in
            guard let process = broker.process else {
                throw BenchError(
                    "this looks into the broker's process, so the broker must be started here: leave out --broker")
            }
            return try await body(broker, process)
        }
    }
}

/// A broker that a scenario talks to.
struct BrokerUnderTest: Sendable {
    /// "host:port".
    var address: String
    /// Nil when it was started by somebody else.
    var process: BrokerProcess?
}

/// What stops the benchmark before it measures anything, or a scenario that cannot go on.
struct BenchError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
