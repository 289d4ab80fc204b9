import ArgumentParser
import MartletBroker
import MartletCLIKit

struct ClusterAdoptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Take a single broker's data into a cluster of its own.",
        discussion: """
            The broker must be stopped. Its metadata (the cluster's id, topics, settings, leader epochs) go into etcd; its data directory \
            stays as it is, and from then on serves as this broker's in the cluster: start it with --etcd. Others join by being started \
            with the same --etcd and --cluster. May be run again when it was interrupted.
            """)

    @Option(name: .long, help: ArgumentHelp("The broker's data directory.", valueName: "directory"))
    var data: String

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let summary = try await store.withStore { etcd in
            try await ClusterAdoption(
                directory: data, metadataDirectory: data + "/metadata", target: etcd, destination: store.destination,
                logger: StoreOptions.logger
            ).run()
        }
        guard output.json else {
            return try StandardOutput.print(
                summary.wasDone
                    ? "Cluster \(summary.clusterID) had been adopted already.\n"
                    : "Adopted cluster \(summary.clusterID): \(HumanText.plural(summary.topics, "topic")), "
                        + "\(HumanText.plural(summary.partitions, "partition")). Start the broker with --etcd now.\n")
        }
        var object = JSONObject()
        object.add("cluster_id", summary.clusterID)
        object.add("topics", summary.topics)
        object.add("partitions", summary.partitions)
        object.add("was_done", summary.wasDone)
        try StandardOutput.print(object.line())
    }
}
