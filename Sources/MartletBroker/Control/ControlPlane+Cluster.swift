internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata

// Orders of operators. Each is planned against the newest image and planned again when somebody else was quicker.
extension ControlPlane {
    /// Commits what `plan` makes of the newest image; durable and applied here on return.
    func order(
        validateOnly: Bool = false, _ plan: (ClusterPlanner) throws(BrokerError) -> MetadataTransaction
    ) async throws(BrokerError) {
        try await change(validateOnly: validateOnly) { (image) throws(BrokerError) in
            let transaction = try plan(ClusterPlanner(image: image, settings: settings))
            return transaction.changes.isEmpty ? [] : [transaction]
        }
    }

    /// Changes partitions, each for itself: one that is refused does not hold up the others. Results in the order of
    /// `items`; nil: nothing had to be changed.
    func orderEach<Item: Sendable>(
        _ items: [Item],
        _ plan: (ClusterPlanner, Item) throws(BrokerError) -> (PartitionRecord, Revision)?
    ) async -> [Result<PartitionRecord?, BrokerError>] {
        var results: [Result<PartitionRecord?, BrokerError>?] = items.map { _ in nil }
        do throws(BrokerError) {
            for _ in 0..<Self.attemptsMax where results.contains(where: { $0 == nil }) {
                try await attempt(items, &results, plan)
            }
        } catch {
            for index in results.indices where results[index] == nil { results[index] = .failure(error) }
        }
        let overtaken = BrokerError(
            .requestTimedOut, "the partition changed each time the change was tried; try again")
        return results.map { $0 ?? .failure(overtaken) }
    }

    /// Plans what has no result yet against one image, and commits it in parts; those that meet conflicts stay.
    private func attempt<Item>(
        _ items: [Item], _ results: inout [Result<PartitionRecord?, BrokerError>?],
        _ plan: (ClusterPlanner, Item) throws(BrokerError) -> (PartitionRecord, Revision)?
    ) async throws(BrokerError) {
        let planner = ClusterPlanner(image: try await newestImage(), settings: settings)
        var planned: [(index: Int, record: PartitionRecord, revision: Revision)] = []
        for index in items.indices where results[index] == nil {
            do throws(BrokerError) {
                if let (record, revision) = try plan(planner, items[index]) {
                    planned.append((index, record, revision))
                } else {
                    results[index] = .success(nil)
                }
            } catch {
                results[index] = .failure(error)
            }
        }
        var last: Revision?
        while !planned.isEmpty {
            var transaction = MetadataTransaction()
            let part = planned.prefix(metadata.transactionKeysMax)
            for item in part { transaction.put(.partition(item.record), ifRevision: item.revision) }
            planned.removeFirst(part.count)
            guard let revision = try await commit([transaction]) else { continue }
            last = revision
            for item in part { results[item.index] = .success(item.record) }
        }
        if let last { await applied(last) }
    }

    func electLeaders(
        _ kind: ElectionKind, _ partitions: [TopicPartition], choice: [TopicPartition: BrokerID]
    ) async -> [(TopicPartition, Result<PartitionLeader, BrokerError>)] {
        let results = await orderEach(partitions) { (planner, partition) throws(BrokerError) in
            try planner.elect(kind, partition, choice: choice[partition])
        }
        return zip(partitions, results).map { partition, result in
            (partition, result.flatMap { elected(partition, kind, $0) })
        }
    }

    private func elected(
        _ partition: TopicPartition, _ kind: ElectionKind, _ record: PartitionRecord?
    ) -> Result<PartitionLeader, BrokerError> {
        guard let leader = record?.leader else {
            return .failure(BrokerError(.electionNotNeeded, "\(partition) keeps its leader"))
        }
        if kind == .unclean {
            logger.critical(
                "by an operator's order a replica that may lack acknowledged records was given leadership",
                metadata: ["partition": "\(partition)", "leader": "\(leader.broker)"])
        }
        return .success(leader)
    }

    /// Partitions that could be led by their preferred replica and are not.
    nonisolated var misplacedPartitions: [TopicPartition] {
        let image = image
        let standings = image.standings
        let plan = PartitionPlan(standings: standings, rules: ElectionRules(minInSyncReplicas: 1))
        return image.partitions.values.compactMap { partition in
            guard plan.preferred(partition.record) != nil, let topic = image.topic(partition.record.id.topicID) else {
                return nil
            }
            return TopicPartition(topic: topic.name, partition: partition.record.id.partition)
        }
        .sorted()
    }
}
