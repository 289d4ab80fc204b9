internal import ArgumentParser
internal import MartletStorage

struct LogInspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show segments, indexes and batches of a data directory, offline.",
        discussion: """
            Changes nothing. A broker may be running on the directory; the end of a log that is being written to may then \
            look torn. Exit code 1 when something is damaged.

            --records --json prints the records as consume does: what can still be read of a damaged log goes back into a \
            topic with `martlet log inspect PATH --records --json | martlet produce TOPIC --json`.
            """)

    @Argument(help: "A data directory, a topic's or a partition's directory in it, or a segment's .log file.")
    var path: String

    @Flag(name: .long, help: "Read everything: check every checksum, every record and every index entry.")
    var verify = false

    @Flag(name: .long, help: "List the batches. (default for a .log file)")
    var batches = false

    @Flag(name: .long, help: "Print the records.")
    var records = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        do {
            let directory = try OfflineDirectory(path)
            let detail: LogInspection.Detail =
                records ? .records : batches || directory.segment != nil ? .batches : .segments
            var inspection = LogInspection(detail: detail, verifies: verify, json: output.json)
            try inspection.run(directory)
        } catch let error as StorageError {
            throw CommandFailure.failed("\(error)")
        }
    }
}
