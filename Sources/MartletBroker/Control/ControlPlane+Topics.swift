internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

// Changes of topics. Each is planned against the newest image and planned again when somebody else was quicker.
extension ControlPlane {
    /// How often a change that meets others is planned again.
    static let attemptsMax = 10

    /// Creates topics, each for itself, in as few transactions as hold them.
    func create(
        _ topics: [NewTopic], validateOnly: Bool, isInternal: Bool = false
    ) async -> [Result<TopicID, BrokerError>] {
        var generator = SystemRandomNumberGenerator()
        var calls = topics.map { TopicCall(topic: $0, id: .random(using: &generator)) }
        do throws(BrokerError) {
            try await create(&calls, validateOnly: validateOnly, isInternal: isInternal)
        } catch {
            for index in calls.indices where calls[index].error == nil && mirror.topic(calls[index].id) == nil {
                calls[index].error = error
            }
        }
        if !validateOnly { await undoFailed(&calls) }
        return calls.map { call in call.error.map { .failure($0) } ?? .success(call.id) }
    }

    private struct TopicCall {
        let topic: NewTopic
        let id: TopicID
        var error: BrokerError?
    }

    private func create(
        _ calls: inout [TopicCall], validateOnly: Bool, isInternal: Bool
    ) async throws(BrokerError) {
        for _ in 0..<Self.attemptsMax {
            let planner = planner(try await newestImage())
            let creations = plan(&calls, planner, isInternal: isInternal)
            if validateOnly || creations.isEmpty { return }
            if let revision = try await commit(planner.transactions(creations)) { return await applied(revision) }
        }
        throw BrokerError(.requestTimedOut, "the metadata changed each time the change was tried; try again")
    }

    /// What is still to be created; what cannot be gets its error.
    private func plan(
        _ calls: inout [TopicCall], _ planner: TopicPlanner, isInternal: Bool
    ) -> [TopicPlanner.Creation] {
        var creations: [TopicPlanner.Creation] = []
        var placement = planner.placement
        var names: Set<String> = []
        var count = 0
        for index in calls.indices where calls[index].error == nil && planner.image.topic(calls[index].id) == nil {
            let call = calls[index]
            guard names.insert(call.topic.name).inserted else {
                calls[index].error = BrokerError(.topicAlreadyExists, "topic \(call.topic.name) is asked for twice")
                continue
            }
            do throws(BrokerError) {
                let creation = try planner.creation(
                    call.topic, id: call.id, isInternal: isInternal, beside: count, on: &placement)
                count += creation.partitions.count
                creations.append(creation)
            } catch {
                calls[index].error = error
            }
        }
        return creations
    }

    func delete(_ name: String) async throws(BrokerError) -> TopicID {
        var id = TopicID(high: 0, low: 0)
        try await change(validateOnly: false) { (image) throws(BrokerError) in
            let plan = try planner(image).delete(name)
            id = plan.id
            return plan.1
        }
        return id
    }

    func alter(_ alteration: TopicAlteration, validateOnly: Bool) async throws(BrokerError) -> TopicID {
        var id = TopicID(high: 0, low: 0)
        try await change(validateOnly: validateOnly) { (image) throws(BrokerError) in
            let plan = try planner(image).alter(alteration)
            id = plan.id
            return plan.1
        }
        return id
    }

    private func planner(_ image: ClusterImage) -> TopicPlanner {
        TopicPlanner(image: image, settings: settings, transactionKeysMax: metadata.transactionKeysMax)
    }

    /// Commits what `plan` makes of the newest image, and returns when it is durable and applied on this broker.
    func change(
        validateOnly: Bool, plan: (ClusterImage) throws(BrokerError) -> [MetadataTransaction]
    ) async throws(BrokerError) {
        for _ in 0..<Self.attemptsMax {
            let transactions = try plan(try await newestImage())
            if validateOnly || transactions.isEmpty { return }
            if let revision = try await commit(transactions) {
                await applied(revision)
                return
            }
        }
        throw BrokerError(.requestTimedOut, "the metadata changed each time the change was tried; try again")
    }

    /// The revision of the last transaction; nil when one met a conflict.
    func commit(_ transactions: [MetadataTransaction]) async throws(BrokerError) -> Revision? {
        var last: Revision?
        for transaction in transactions {
            do {
                guard case .committed(let revision) = try await metadata.commit(transaction) else { return nil }
                last = revision
            } catch {
                throw BrokerError(error)
            }
        }
        return last
    }

    func newestImage() async throws(BrokerError) -> ClusterImage {
        do {
            return try await metadata.image()
        } catch {
            throw BrokerError(error)
        }
    }

    /// A topic some of whose partitions this broker could not make, for want of disk or files, is not left behind half
    /// made.
    private func undoFailed(_ calls: inout [TopicCall]) async {
        for index in calls.indices where calls[index].error == nil {
            let call = calls[index]
            for partition in 0..<(mirror.topic(call.id)?.partitionCount ?? 0) {
                let id = TopicIDPartition(topicID: call.id, partition: partition)
                guard case .failed(topic: _, let error) = table[id] else { continue }
                calls[index].error = BrokerError(
                    error.code, "topic \(call.topic.name) could not be created: \(error.message)")
                do throws(BrokerError) {
                    _ = try await delete(call.topic.name)
                } catch {
                    calls[index].error?.message += "; it could not be deleted again either: \(error.message)"
                }
                break
            }
        }
    }
}
