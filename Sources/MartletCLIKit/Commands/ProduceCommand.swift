package import ArgumentParser
internal import Logging
internal import Martlet

/// `martlet produce`: a record per line, from a file or standard input.
package struct ProduceCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "produce", abstract: "Send records to a topic: one for each line of a file or of standard input.",
        discussion: """
            Ends with exit code 0 only if every record was acknowledged, as --acks says (with 0: written to the socket). \
            The last line needs no newline; an empty line is an empty value (with --json: nothing). Records are tried \
            again for two minutes, or as long as --timeout says.

              martlet produce orders orders.txt --key-separator :
              martlet consume orders --json --exit-at-end | martlet produce copy --json
            """)

    @Argument(help: "The topic.")
    var topic: String

    @Argument(help: "The file; without one, or with -, standard input.")
    var file: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What stands between key and value. A line without it is a value without a key.", valueName: "text"))
    var keySeparator: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "When a record counts as acknowledged: 0 (sent), 1 (the leader has it) or all.", valueName: "0|1|all"))
    var acks: AcksArgument = .all

    @Option(name: .long, help: ArgumentHelp("How batches are compressed.", valueName: "none|lz4"))
    var compression: CompressionArgument = .none

    @Option(name: .long, help: "The partition all records go to. (default: by key; without one, spread)")
    var partition: Int32?

    @Option(name: .long, help: ArgumentHelp("A header for every record; may be repeated.", valueName: "name=value"))
    var header: [String] = []

    @Option(name: .long, help: ArgumentHelp("Text that stands for a null key or value.", valueName: "text"))
    var null: String?

    @Flag(
        name: .long,
        help: "Read JSON objects as consume --json prints them; their topic, partition and offset are not used.")
    var json = false

    @Flag(name: .long, help: "With --json: send each record to the partition that its object names.")
    var keepPartitions = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The largest batch the topic takes, as its max.message.bytes. (default: 1048588)", valueName: "bytes"))
    var maxMessageBytes: Int?

    @Flag(name: .shortAndLong, help: "No summary and no progress.")
    var quiet = false

    @OptionGroup var client: ClientOptions

    package init() {}

    package func validate() throws {
        _ = try header.assignments("--header")
        if let partition, partition < 0 { throw ValidationError("--partition must be at least 0") }
        if let keySeparator, keySeparator.isEmpty { throw ValidationError("--key-separator must not be empty") }
        if json && (keySeparator != nil || null != nil) {
            throw ValidationError("--json takes keys and nulls from the objects: leave out --key-separator and --null")
        }
        if keepPartitions && !json { throw ValidationError("--keep-partitions goes with --json") }
        if keepPartitions && partition != nil {
            throw ValidationError("--keep-partitions and --partition exclude each other")
        }
        if let maxMessageBytes, !(1024...Limits.requestAttachmentBytes - 1024).contains(maxMessageBytes) {
            throw ValidationError(
                "--max-message-bytes must lie between 1024 and \(Limits.requestAttachmentBytes - 1024)")
        }
    }

    package func run() async throws {
        let input = try InputFile(file)
        var configuration = ProducerConfiguration(client: try await client.connect())
        configuration.acks = acks.value
        configuration.deliver(within: client)
        configuration.compression = compression.value
        if let maxMessageBytes {
            configuration.maxMessageBytes = maxMessageBytes
            configuration.maxRequestBytes = max(configuration.maxRequestBytes, maxMessageBytes)
        }
        // Failures end the run, which tells them.
        let producer = try Producer(configuration, logger: client.logger(atLeast: .error))
        var session = ProduceSession(
            producer: producer, topic: topic, partition: partition,
            headers: try header.assignments("--header").map { RecordHeader(key: $0.name, value: $0.value) },
            format: json
                ? .json(keepPartitions: keepPartitions) : .lines(LineParser(separator: keySeparator, null: null)),
            showsProgress: !quiet)
        // Ctrl-C ends the input: what was read is delivered, and told.
        let signals = StopSignals { input.stop() }
        defer { signals.cancel() }
        let notices = quiet ? nil : HoldUpNotices(topic) { try producer.holdUp }
        defer { notices?.cancel() }
        try await session.run(input)
        if !quiet { StandardError.write(session.summary) }
    }
}

extension ProducerConfiguration {
    /// `--timeout` bounds deliveries, too. Without it they may take their own default, which outlasts a broker's restart.
    mutating func deliver(within options: ClientOptions) {
        guard options.timeout != nil else { return }
        deliveryTimeout = client.operationTimeout
        // A request may not take longer than what it is for.
        client.requestTimeout = min(client.requestTimeout, deliveryTimeout - linger)
    }
}

enum AcksArgument: String, ExpressibleByArgument, CaseIterable {
    case none = "0"
    case leader = "1"
    case all

    var value: Acks {
        switch self {
        case .none: .none
        case .leader: .leader
        case .all: .all
        }
    }
}

enum CompressionArgument: String, ExpressibleByArgument, CaseIterable {
    case none, lz4

    var value: Compression {
        switch self {
        case .none: .none
        case .lz4: .lz4
        }
    }
}
