/// Every figure that `all` measures. Ids are stable; those of ceilings begin with "ceiling.".
extension Figure {
    // Producing.
    package static func produceCeiling(recordBytes: Int) -> Figure {
        Figure(
            "ceiling.produce.\(recordBytes)", "ceiling: produce, \(size(recordBytes)) records", .recordsPerSecond)
    }
    package static func produceCeilingCPU(recordBytes: Int) -> Figure {
        Figure(
            "ceiling.produce.\(recordBytes).cpu", "ceiling: server CPU per \(size(recordBytes)) record produced",
            .nanosecondsPerRecord)
    }
    package static func produce(_ variant: String, _ title: String) -> Figure {
        Figure("produce.\(variant)", "produce, \(title)", .recordsPerSecond)
    }
    package static func produceCPU(_ variant: String, _ title: String) -> Figure {
        Figure("produce.\(variant).cpu", "broker CPU per record, \(title)", .nanosecondsPerRecord)
    }
    package static func produceClientCPU(_ variant: String, _ title: String) -> Figure {
        Figure("produce.\(variant).cpu.client", "client CPU per record, \(title)", .nanosecondsPerRecord)
    }
    package static func produceCPUPerKilobyte(_ variant: String, _ title: String) -> Figure {
        Figure("produce.\(variant).cpu.kilobyte", "broker CPU per kB, \(title)", .nanosecondsPerKilobyte)
    }
    package static func syncLatency(_ variant: String, _ title: String) -> Figure {
        Figure("produce.\(variant).sync", "mean sync, \(title)", .microseconds)
    }
    package static let compressCeiling = Figure(
        "ceiling.compress", "ceiling: LZ4 on one core, 1 KiB JSON-like records", .recordsPerSecond)

    // Consuming.
    package static func fetchCeiling(recordBytes: Int) -> Figure {
        Figure("ceiling.fetch.\(recordBytes)", "ceiling: fetch, \(size(recordBytes)) records", .recordsPerSecond)
    }
    package static func fetchCeilingCPU(recordBytes: Int) -> Figure {
        Figure(
            "ceiling.fetch.\(recordBytes).cpu", "ceiling: server CPU per \(size(recordBytes)) record fetched",
            .nanosecondsPerRecord)
    }
    package static func consume(recordBytes: Int) -> Figure {
        Figure("consume.\(recordBytes)", "consume, \(size(recordBytes)) records", .recordsPerSecond)
    }
    package static func consumeCPU(recordBytes: Int) -> Figure {
        Figure(
            "consume.\(recordBytes).cpu", "broker CPU per \(size(recordBytes)) record consumed", .nanosecondsPerRecord)
    }

    // Latency.
    package static func echo(_ percentile: Double) -> Figure {
        Figure("ceiling.echo.p\(name(percentile))", "ceiling: echo, p\(name(percentile))", .microseconds)
    }
    package static func latency(_ percentile: Double) -> Figure {
        Figure("latency.p\(name(percentile))", "end to end, p\(name(percentile))", .microseconds)
    }
    /// The percentiles that are kept as figures.
    package static let latencyPercentiles: [Double] = [50, 99, 99.9]

    // Resources.
    package static let idleMemory = Figure("memory.idle", "anonymous memory, idle", .bytes)
    package static let loadedMemory = Figure(
        "memory.loaded", "anonymous memory, 1,000 partitions at full load", .bytes)
    package static let connectionsMemory = Figure(
        "memory.connections", "anonymous memory, 2,000 idle connections", .bytes)
    package static let emptyPartitionsDisk = Figure("disk.partitions", "disk of 1,000 empty partitions", .bytes)
    package static func cleanStart(_ flush: String) -> Figure {
        Figure("start.clean.\(flush)", "start after a clean stop, flush=\(flush)", .seconds)
    }
    package static func crashStart(_ flush: String) -> Figure {
        Figure("start.crash.\(flush)", "start after kill -9 at full load, flush=\(flush)", .seconds)
    }

    private static func size(_ bytes: Int) -> String {
        bytes >= 1024 && bytes.isMultiple(of: 1024) ? "\(bytes / 1024) KiB" : "\(bytes)-byte"
    }

    private static func name(_ percentile: Double) -> String {
        percentile.rounded() == percentile ? String(Int(percentile)) : String(percentile)
    }
}
