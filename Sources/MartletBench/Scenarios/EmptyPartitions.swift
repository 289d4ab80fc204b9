/// The disk that partitions take before anything is written to them.
struct EmptyPartitions: Scenario {
    static let partitionCount = 1000

    var title: String { Figure.emptyPartitionsDisk.title }

    /// The larger of what lies there while the broker runs and what a clean stop leaves.
    func measure(at bench: Workbench) async throws -> Outcome {
        let directory = try bench.makeDirectory()
        defer { bench.discard(directory) }
        let data = "\(directory)/data"
        let process = try await BrokerProcess.start(
            binary: bench.brokerBinary, dataDirectory: data, runDirectory: directory)
        do {
            let before = try DiskUsage.allocatedBytes(under: data)
            _ = try await TestTopic.create(
                on: BrokerUnderTest(address: process.address, process: process), partitions: Self.partitionCount)
            let running = try DiskUsage.allocatedBytes(under: data)
            try await process.stop()
            let stopped = try DiskUsage.allocatedBytes(under: data)
            let bytes = max(running, stopped) - before
            return Outcome(samples: [Sample(.emptyPartitionsDisk, Double(bytes))])
        } catch {
            await process.kill()
            throw error
        }
    }
}
