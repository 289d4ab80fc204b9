internal import ArgumentParser
internal import Martlet
internal import MartletCore

struct ClusterElectLeadersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "elect-leaders",
        abstract: "Have preferred replicas lead again; or, with --unclean, any that is left.",
        discussion: """
            The cluster does the first by itself, a little later. --unclean is for partitions that are offline because no replica in sync \
            is coming back: the replica with the most records leads, and what it does not have is LOST, acknowledged or not. It \
            says which replica has what.
            """)

    @Argument(help: ArgumentHelp("TOPIC or TOPIC:PARTITION. (default: all that need it)", valueName: "partition"))
    var partitions: [PartitionArgument] = []

    @Flag(name: .long, help: "Let replicas lead that are not in sync. Records may be lost.")
    var unclean = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        if unclean, partitions.isEmpty { throw ValidationError("--unclean: name the partitions it is about") }
    }

    func run() async throws {
        let results = try await client.withAdmin { admin in
            let wanted = try await PartitionNames.resolve(partitions, admin)
            guard unclean else { return try await admin.electPreferredLeaders(wanted) }
            let choices = try await UncleanChoice.make(wanted, admin)
            if !output.json { StandardError.write(choices.map(\.explanation).joined()) }
            return try await admin.electUncleanLeaders(
                Dictionary(choices.map { ($0.partition, $0.broker) }, uniquingKeysWith: { $1 }))
        }
        for (partition, result) in results.sorted(by: { $0.key < $1.key }) { try tell(partition, result) }
        if results.isEmpty, !output.json {
            try StandardOutput.print("Every partition whose preferred replica is in sync is led by it.\n")
        }
        if results.values.contains(where: { $0.failure.map { !isAsWanted($0) } ?? false }) {
            throw CommandFailure.reported
        }
    }

    /// The preferred replica leads already. An unclean election that is not needed is a refusal: it was thought to be.
    private func isAsWanted(_ error: MartletError) -> Bool {
        !unclean && error.code == .refused(.electionNotNeeded)
    }

    private func tell(_ partition: TopicPartition, _ result: Result<BrokerID, MartletError>) throws {
        var object = JSONObject()
        object.add("topic", partition.topic)
        object.add("partition", partition.partition)
        switch result {
        case .success(let leader):
            object.add("leader", leader)
            try StandardOutput.print(output.json ? object.line() : "\(partition) is led by broker \(leader).\n")
        case .failure(let error):
            object.add(isAsWanted(error) ? "unchanged" : "error", error.message)
            let isNamed = error.message.hasPrefix("\(partition)")
            try StandardOutput.print(
                output.json ? object.line() : "\(isNamed ? "" : "\(partition): ")\(error.message)\n")
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}

/// Names of partitions, from what a person wrote.
enum PartitionNames {
    static func resolve(_ arguments: [PartitionArgument], _ admin: Admin) async throws -> [TopicPartition] {
        var partitions: Set<TopicPartition> = []
        for argument in arguments {
            let topic = try await admin.describeTopic(argument.topic)
            if let partition = argument.partition {
                try topic.require(partition)
                partitions.insert(TopicPartition(topic: topic.name, partition: partition))
            } else {
                for partition in topic.partitions {
                    partitions.insert(TopicPartition(topic: topic.name, partition: partition.partition))
                }
            }
        }
        return partitions.sorted()
    }
}

/// Which replica is to lead a partition when none in sync is left: the one with the newest last epoch, and the longest log of those.
struct UncleanChoice {
    var partition: TopicPartition
    /// Nil: no replica of it is up.
    var broker: BrokerID?
    var explanation: String

    static func make(_ partitions: [TopicPartition], _ admin: Admin) async throws -> [UncleanChoice] {
        let overview = try await admin.clusterOverview()
        var found: [TopicPartition: [(broker: BrokerID, replica: ReplicaInfo)]] = [:]
        for broker in overview.brokers where broker.isAlive {
            guard let replicas = try? await admin.replicas(on: broker.broker.id) else { continue }
            for replica in replicas where replica.trouble == nil {
                found[replica.topicPartition, default: []].append((broker.broker.id, replica))
            }
        }
        return partitions.map { choose($0, among: found[$0] ?? []) }
    }

    static func choose(
        _ partition: TopicPartition, among replicas: [(broker: BrokerID, replica: ReplicaInfo)]
    ) -> UncleanChoice {
        let best = replicas.max {
            ($0.replica.lastEpoch, $0.replica.logEnd) < ($1.replica.lastEpoch, $1.replica.logEnd)
        }
        let each = replicas.map { "broker \($0.broker) ends at \($0.replica.logEnd) in epoch \($0.replica.lastEpoch)" }
        let verdict = best.map { "broker \($0.broker) has the most" } ?? "no replica is up"
        return UncleanChoice(
            partition: partition, broker: best?.broker,
            explanation: "\(partition): \((each + [verdict]).joined(separator: "; "))\n")
    }
}
