/// One data directory that a broker is started on again and again.
struct Site {
    struct Running {
        var process: BrokerProcess
        var broker: BrokerUnderTest
        var startedAt: ContinuousClock.Instant
    }

    var bench: Workbench
    var directory: String

    func start() async throws -> Running {
        let startedAt = ContinuousClock.now
        let process = try await BrokerProcess.start(
            binary: bench.brokerBinary, dataDirectory: "\(directory)/data", runDirectory: directory)
        return Running(
            process: process, broker: BrokerUnderTest(address: process.address, process: process), startedAt: startedAt)
    }
}
