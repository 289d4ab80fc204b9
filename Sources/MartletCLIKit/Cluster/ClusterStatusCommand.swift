internal import ArgumentParser
internal import Martlet

struct ClusterStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show brokers, the controller, partitions in trouble and the metadata store.",
        discussion: """
            Exit code 1 also when something is wrong: a broker is down, a partition is offline or not wholly in sync, or the metadata \
            store is away. So a script can wait for it between two restarts.
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let survey = try await client.withAdmin { try await ClusterSurvey.make($0) }
        try StandardOutput.print(output.json ? survey.json : survey.text)
        if !survey.isHealthy { throw CommandFailure.reported }
    }
}
