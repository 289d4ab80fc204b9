internal import ArgumentParser
internal import Martlet

struct ClusterStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show brokers, the controller, partitions in trouble and the metadata store.",
        discussion: """
            Exit codes: 0 when all is well; 1 when something is wrong (a broker is down or fenced, a disk is full, a partition is \
            offline, damaged or not wholly in sync, or the metadata store is away), and when nobody could be asked. So a script can wait for it between \
            two restarts. Directories that were set aside are notes, and change no exit code.
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let survey = try await client.withAdmin { try await ClusterSurvey.make($0) }
        try StandardOutput.print(output.json ? survey.json : survey.text)
        if !survey.isHealthy { throw CommandFailure.reported }
    }
}
