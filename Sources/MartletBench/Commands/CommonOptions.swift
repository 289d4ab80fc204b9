import ArgumentParser
import Foundation

/// What every command takes: how much to measure and how to tell it.
struct CommonOptions: ParsableArguments {
    /// What each throughput run has to move for its figures to be fair: less never leaves warm memory.
    private static let fairGiB = 3.0

    @Option(help: ArgumentHelp("Data that each throughput run moves. Below 3 the figures flatter.", valueName: "n"))
    var gib = 3.0

    @Option(help: ArgumentHelp("How long each latency run sends.", valueName: "n"))
    var seconds = 10.0

    @Option(help: ArgumentHelp("Rounds; figures are medians over them.", valueName: "n"))
    var rounds = 3

    @Option(help: ArgumentHelp("Measure this broker instead of starting one.", valueName: "host:port"))
    var broker: String?

    @Option(help: ArgumentHelp("Where data is put while measuring; by default, the system's.", valueName: "dir"))
    var directory: String?

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Write the report as one self-contained page, too.", valueName: "file"))
    var html: String?

    @Flag(help: "Show no progress on standard error.")
    var quiet = false

    func validate() throws {
        guard gib > 0, gib <= 1024 else { throw ValidationError("--gib is to be above 0 and at most 1024") }
        guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds is to be above 0 and at most 3600") }
        guard (1...99).contains(rounds) else { throw ValidationError("--rounds is to be 1 to 99") }
    }

    /// Runs `stages`, prints the report, and leaves with 1 when something failed or a goal was missed.
    func measure(_ stages: [Stage], comparisons: [Comparison]) async throws {
        let bench = try makeWorkbench()
        defer { bench.discard(bench.directory) }
        _ = Leftovers.ofProgram.add { bench.discard(bench.directory) }
        let interruption = Interruption(.ofProgram)
        defer { interruption.cancel() }
        let start = ContinuousClock.now
        let startedAt = Date()
        var findings = await Runner.run(stages, at: bench)
        if let note = sizeNote { findings.add(note: note) }
        let report = Report(
            command: CommandLine.arguments.map(Self.quoted).joined(separator: " "),
            startedAt: startedAt.formatted(.iso8601), durationSeconds: (ContinuousClock.now - start).inSeconds,
            isReleaseBuild: Self.isReleaseBuild, machine: .current, findings: findings, comparisons: comparisons)
        try tell(report)
        guard report.isGood else { throw ExitCode(1) }
    }

    /// What a run that moves less than it should has to say; nil: it moves enough.
    private var sizeNote: String? {
        guard gib < Self.fairGiB else { return nil }
        return
            "Runs of \(Quantity.fixed(gib, places: 2)) GiB: below \(Quantity.fixed(Self.fairGiB, places: 0)) the figures "
            + "flatter, and where 10 GB are spoken of there were less in proportion."
    }

    private func tell(_ report: Report) throws {
        print(json ? try JSONRenderer.render(report) : TableRenderer.render(report), terminator: json ? "\n" : "")
        guard let html else { return }
        try HTMLRenderer.render(report).write(toFile: html, atomically: true, encoding: .utf8)
        FileHandle.standardError.write(Data("the page is in \(html)\n".utf8))
    }

    private func makeWorkbench() throws -> Workbench {
        let parent = directory ?? FileManager.default.temporaryDirectory.path
        let own = "\(parent)/martlet-bench-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        return Workbench(
            totalBytes: Int(gib * Double(1 << 30)), latencyDuration: .seconds(seconds), directory: own,
            brokerBinary: try Self.siblingBinary(), externalBroker: broker, progress: ProgressLine(isQuiet: quiet))
    }

    /// `martlet` in the directory that holds this program: the same build.
    private static func siblingBinary() throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("martlet").path
    }

    /// As it would be typed into a shell.
    private static func quoted(_ argument: String) -> String {
        let isPlain = !argument.isEmpty && argument.allSatisfy { $0.isLetter || $0.isNumber || "-_=./:,".contains($0) }
        return isPlain ? argument : "'\(argument.replacing("'", with: "'\\''"))'"
    }

    private static var isReleaseBuild: Bool {
        #if DEBUG
            false
        #else
            true
        #endif
    }
}

/// Sizes of what is moved.
struct SizeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Bytes of each record's value.", valueName: "bytes"))
    var recordSize = 100

    @Option(help: ArgumentHelp("Bytes at which a batch is full.", valueName: "bytes"))
    var batchSize = Workload.defaultBatchBytes

    func validate() throws {
        guard (1...1 << 20).contains(recordSize) else { throw ValidationError("--record-size is to be 1 to 1048576") }
        guard (1 << 10...8 << 20).contains(batchSize) else {
            throw ValidationError("--batch-size is to be 1024 to 8388608")
        }
    }
}
