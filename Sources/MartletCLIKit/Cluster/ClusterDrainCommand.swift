internal import ArgumentParser
internal import Martlet

struct ClusterDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Move leaders, then replicas off a broker, and keep new ones away.",
        discussion: """
            Shows how it goes until nothing is left on the broker; Ctrl-C ends the showing, not the draining. --cancel lets the broker \
            have leaders and replicas again; what has moved stays where it is.
            """)

    @Argument(help: ArgumentHelp("The broker's number.", valueName: "broker"))
    var id: Int32

    @Flag(name: .long, help: "Let the broker have leaders and replicas again.")
    var cancel = false

    @Flag(name: .long, help: "Do not wait until it is done.")
    var noWait = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.withAdmin { admin in
            try await admin.drainBroker(id, cancel: cancel)
            var last: ClusterBroker?
            repeat {
                if last != nil { try await Task.sleep(for: .milliseconds(500)) }
                let broker = try await admin.clusterOverview().brokers.first { $0.broker.id == id }
                guard let broker else { throw CommandFailure.failed("broker \(id) has left the cluster") }
                if last.map({ ($0.leaders, $0.replicas) != (broker.leaders, broker.replicas) }) ?? true {
                    try tell(broker)
                }
                if broker.replicas > 0, broker.stuckReplicas == broker.replicas, !cancel, !noWait {
                    throw CommandFailure.failed(
                        "no other broker can take the \(HumanText.plural(broker.replicas, "replica")) left on broker \(id): "
                            + "add a broker, or have fewer replicas (`martlet cluster reassign start --replication N`); --cancel "
                            + "calls the draining off")
                }
                if !cancel, !broker.isDraining { throw CommandFailure.failed("somebody has called the draining off") }
                last = broker
            } while !cancel && !noWait && (last?.replicas ?? 0) > 0
        }
    }

    private func tell(_ broker: ClusterBroker) throws {
        guard output.json else {
            let left =
                "\(HumanText.plural(broker.leaders, "leader")), \(HumanText.plural(broker.replicas, "replica"))"
            return try StandardOutput.print(
                cancel
                    ? "Broker \(id) may have leaders and replicas again.\n"
                    : broker.replicas == 0 ? "Broker \(id) is empty.\n" : "Draining broker \(id): \(left) left.\n")
        }
        var object = JSONObject()
        object.add("broker", id)
        object.add("draining", broker.isDraining)
        object.add("leaders", broker.leaders)
        object.add("replicas", broker.replicas)
        object.add("stuck_replicas", broker.stuckReplicas)
        try StandardOutput.print(object.line())
    }
}
