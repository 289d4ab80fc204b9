import ArgumentParser
import Martlet

struct ProduceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce", abstract: "Records in, as fast as they go, beside the produce ceiling.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var sizes: SizeOptions

    @Option(help: "When a record counts as delivered: 0, 1 or all.")
    var acks = AcksArgument.all

    @Option(help: "The topic's flush setting: os or batch.")
    var flush = Flush.os

    @Option(help: "none or lz4. With lz4, records are 1 KiB of JSON with keys, and the ceiling is one core's LZ4.")
    var compression = CompressionArgument.none

    @Option(help: ArgumentHelp("Producers at once.", valueName: "n"))
    var producers = 1

    @Option(help: ArgumentHelp("Partitions written to.", valueName: "n"))
    var partitions = 1

    func validate() throws {
        guard (1...256).contains(producers) else { throw ValidationError("--producers is to be 1 to 256") }
        guard (1...10_000).contains(partitions) else { throw ValidationError("--partitions is to be 1 to 10000") }
    }

    func run() async throws {
        let scenario = scenario
        let recordBytes = scenario.payload.valueBytes
        let ceiling: any Scenario =
            compression == .lz4
            ? CompressCeiling(batchBytes: sizes.batchSize)
            : ProduceCeiling(recordBytes: recordBytes, batchBytes: sizes.batchSize)
        let rate = Figure.produce(scenario.id, scenario.name)
        let cpu = Figure.produceCPU(scenario.id, scenario.name)
        let sync = Figure.syncLatency(scenario.id, scenario.name)
        var comparisons = [
            Comparison(
                scenario.title, rate,
                against: compression == .lz4 ? .compressCeiling : .produceCeiling(recordBytes: recordBytes),
                beside: [sync])
        ]
        if compression == .none, common.broker == nil {
            comparisons.append(Comparison(cpu.title, cpu, against: .produceCeilingCPU(recordBytes: recordBytes)))
        }
        try await common.measure(
            [Stage(scenarios: [ceiling, scenario], rounds: common.rounds)], comparisons: comparisons)
    }

    private var scenario: ProduceScenario {
        let payload = compression == .lz4 ? Payload.jsonLike : .plain(valueBytes: sizes.recordSize)
        let name = """
            \(payload.valueBytes)-byte records, acks=\(acks.rawValue), flush=\(flush.rawValue), \
            compression=\(compression.rawValue), \(producers) producers, \(partitions) partitions
            """
        return ProduceScenario(
            id: "custom", name: name, payload: payload, flush: flush, acks: acks.acks,
            compression: compression.compression, producers: producers, partitions: partitions,
            topicPartitions: partitions, batchBytes: sizes.batchSize)
    }
}

/// How acks are written on a command line.
enum AcksArgument: String, CaseIterable, ExpressibleByArgument {
    case none = "0"
    case leader = "1"
    case all

    var acks: Acks {
        switch self {
        case .none: .none
        case .leader: .leader
        case .all: .all
        }
    }
}

enum CompressionArgument: String, CaseIterable, ExpressibleByArgument {
    case none
    case lz4

    var compression: Compression {
        switch self {
        case .none: .none
        case .lz4: .lz4
        }
    }
}

extension Flush: ExpressibleByArgument {}
