/// The variants of producing that have a goal.
package enum ProduceVariant: String, CaseIterable, Sendable {
    case os100 = "os.100"
    case os1024 = "os.1024"
    case os16Producers = "os.100.x16"
    case batch100 = "batch.100"
    case lz4 = "os.1024.lz4"
    case partitionsOS = "os.partitions"
    case partitionsBatch = "batch.partitions"

    package var title: String {
        switch self {
        case .os100: "100-byte records, flush=os"
        case .os1024: "1 KiB records, flush=os"
        case .os16Producers: "100-byte records, 16 producers, flush=os"
        case .batch100: "100-byte records, flush=batch"
        case .lz4: "1 KiB JSON-like records, LZ4"
        case .partitionsOS: "500 of 1,000 partitions, flush=os"
        case .partitionsBatch: "500 of 1,000 partitions, flush=batch"
        }
    }

    package var rate: Figure { .produce(rawValue, title) }
    package var brokerCPU: Figure { .produceCPU(rawValue, title) }
    package var brokerCPUPerKilobyte: Figure { .produceCPUPerKilobyte(rawValue, title) }
    package var syncLatency: Figure { .syncLatency(rawValue, title) }
}

/// The figures that one broker is to reach, each beside what it is held against.
package enum GoalTable {
    package static let comparisons =
        producing + consuming + latency + partitions + resources
        + starts(flush: "os") + starts(flush: "batch") + groups

    /// By the part of `groups` that measures it.
    static let groupParts: [(part: String, comparisons: [Comparison])] = [
        (
            "handover",
            [
                // The default session timeout of 6 s, and one.
                Comparison("a member is killed (-9): its partitions are read by others", .groupKill, .atMost(7)),
                Comparison("a member leaves: its partitions are read by others", .groupLeave, .atMost(0.3)),
                Comparison("a member is started: it reads all it gets", .groupJoin, .atMost(0.3)),
                Comparison(
                    "polls, every 50 ms, missed meanwhile by partitions that stay", .groupMissedPolls, .atMost(0)),
            ]
        ),
        (
            "moves",
            [
                Comparison(
                    "100 members, 300 partitions, 20 restarts: moves over the least", .groupMoves, .atMost(1.2))
            ]
        ),
        (
            "commits",
            [
                Comparison(
                    "partition offsets committed, 100 committers of ten each, synced", .groupCommits,
                    .atLeast(50_000), beside: [.groupCommitsPerBatch, .groupCommitCPU]),
                Comparison("batches for one sync", .groupBatchesPerSync, .atMost(1.05)),
            ]
        ),
        ("idle", [Comparison("1,000 idle members: broker CPU", .groupIdleCPU, .atMost(0.05))]),
        (
            "load",
            [
                Comparison(
                    "start with 1,000,000 committed offsets, clean stop", .groupLoad, .atMost(2),
                    beside: [.groupLoadAfterKill])
            ]
        ),
    ]

    static let groups = groups(groupParts.map(\.part))

    static func groups(_ parts: [String]) -> [Comparison] {
        groupParts.filter { parts.contains($0.part) }.flatMap(\.comparisons)
    }

    static let producing = [
        Comparison(
            "produce, 100-byte records, acks=all, flush=os", ProduceVariant.os100.rate,
            against: .produceCeiling(recordBytes: 100), .atLeast(0.5)),
        Comparison(
            "the same, 1 KiB records", ProduceVariant.os1024.rate, against: .produceCeiling(recordBytes: 1024),
            .atLeast(0.8)),
        Comparison(
            "the same, 16 producers on one partition", ProduceVariant.os16Producers.rate,
            against: .produceCeiling(recordBytes: 100), .atLeast(0.5)),
        Comparison(
            "produce, 100-byte records, every acknowledged record synced (beside: flush=os)",
            ProduceVariant.batch100.rate, against: ProduceVariant.os100.rate, .atLeast(0.85),
            beside: [ProduceVariant.batch100.syncLatency]),
        Comparison(
            "produce, 1 KiB JSON-like records, keyed, LZ4", ProduceVariant.lz4.rate, against: .compressCeiling,
            .atLeast(0.8)),
        Comparison(
            "broker CPU per 100-byte record produced", ProduceVariant.os100.brokerCPU,
            against: .produceCeilingCPU(recordBytes: 100), .atMost(2)),
        // An allocation or an uncontended lock costs 20 to 50 ns. Ten more of them in a kB would add half again.
        Comparison(
            "nothing done per record: broker CPU per kB, 100-byte records (beside: 1 KiB)",
            ProduceVariant.os100.brokerCPUPerKilobyte, against: ProduceVariant.os1024.brokerCPUPerKilobyte,
            .atMost(1.25)),
    ]

    static let consuming = [
        Comparison(
            "consume, 100-byte records, each visited, CRC checked", .consume(recordBytes: 100),
            against: .fetchCeiling(recordBytes: 100), .atLeast(0.55), beside: [.consumeCPU(recordBytes: 100)])
    ]

    static let latency = [
        Comparison(
            "end to end, 128 bytes at 20,000/s, p50", .latency(50), against: .echo(50), .atMost(5)),
        Comparison("the same, p99.9", .latency(99.9), against: .echo(99.9), .atMost(20)),
    ]

    static let partitions = [
        Comparison(
            "500 of 1,000 partitions at once, flush=os (beside: one partition)", ProduceVariant.partitionsOS.rate,
            against: ProduceVariant.os100.rate, .atLeast(0.5)),
        Comparison(
            "the same, flush=batch (beside: one partition)", ProduceVariant.partitionsBatch.rate,
            against: ProduceVariant.batch100.rate, .atLeast(0.4),
            beside: [ProduceVariant.partitionsBatch.syncLatency]),
    ]

    static let resources = [
        Comparison("anonymous memory, idle", .idleMemory, .atMost(30e6)),
        Comparison("anonymous memory, full load on 1,000 partitions", .loadedMemory, .atMost(300e6)),
        Comparison("anonymous memory, 2,000 idle connections", .connectionsMemory, .atMost(60e6)),
        Comparison("disk of 1,000 empty partitions", .emptyPartitionsDisk, .atMost(20e6)),
    ]

    static func starts(flush: String) -> [Comparison] {
        [
            Comparison(
                "start with 1,000 partitions and 10 GB, flush=\(flush), clean stop", .cleanStart(flush), .atMost(1)),
            Comparison("the same after kill -9 at full load, flush=\(flush)", .crashStart(flush), .atMost(2)),
        ]
    }
}
