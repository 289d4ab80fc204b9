internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

// Changes of topics. Each is planned against the newest image and planned again when somebody else was quicker.
extension ControlPlane {
    /// How often a change that meets others is planned again.
    private static let attemptsMax = 10

    func create(
        _ topic: NewTopic, validateOnly: Bool, isInternal: Bool = false
    ) async throws(BrokerError) -> TopicID {
        var generator = SystemRandomNumberGenerator()
        let id = TopicID.random(using: &generator)
        try await change(validateOnly: validateOnly) { (planner) throws(BrokerError) in
            try planner.create(topic, id: id, isInternal: isInternal)
        }
        if !validateOnly { try await undoIfFailed(id, topic.name) }
        return id
    }

    func delete(_ name: String) async throws(BrokerError) -> TopicID {
        var id = TopicID(high: 0, low: 0)
        try await change(validateOnly: false) { (planner) throws(BrokerError) in
            let plan = try planner.delete(name)
            id = plan.id
            return plan.1
        }
        return id
    }

    func alter(_ alteration: TopicAlteration, validateOnly: Bool) async throws(BrokerError) -> TopicID {
        var id = TopicID(high: 0, low: 0)
        try await change(validateOnly: validateOnly) { (planner) throws(BrokerError) in
            let plan = try planner.alter(alteration)
            id = plan.id
            return plan.1
        }
        return id
    }

    /// Commits what `plan` makes of the newest image, and returns when it is durable and applied on this broker.
    private func change(
        validateOnly: Bool, plan: (TopicPlanner) throws(BrokerError) -> [MetadataTransaction]
    ) async throws(BrokerError) {
        for _ in 0..<Self.attemptsMax {
            let image = try await newestImage()
            let planner = TopicPlanner(
                image: image, settings: settings, transactionKeysMax: metadata.transactionKeysMax)
            let transactions = try plan(planner)
            if validateOnly || transactions.isEmpty { return }
            if let revision = try await commit(transactions) {
                await applied(revision)
                return
            }
        }
        throw BrokerError(.requestTimedOut, "the metadata changed each time the change was tried; try again")
    }

    /// The revision of the last transaction; nil when one met a conflict.
    private func commit(_ transactions: [MetadataTransaction]) async throws(BrokerError) -> Revision? {
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

    private func newestImage() async throws(BrokerError) -> ClusterImage {
        do {
            return try await metadata.image()
        } catch {
            throw BrokerError(error)
        }
    }

    /// A topic some of whose partitions this broker could not make, for want of disk or files, is not left behind half
    /// made.
    private func undoIfFailed(_ id: TopicID, _ name: String) async throws(BrokerError) {
        for index in 0..<(mirror.topic(id)?.partitionCount ?? 0) {
            guard case .failed(topic: _, let error) = table[TopicIDPartition(topicID: id, partition: index)] else {
                continue
            }
            _ = try await delete(name)
            throw BrokerError(error.code, "topic \(name) could not be created: \(error.message)")
        }
    }

    // MARK: Producer ids

    /// Ids that one reservation takes from the store.
    static let producerIDBlock: ProducerID = 1_000

    func producerID(
        _ producerID: ProducerID, epoch: ProducerEpoch
    ) async throws(BrokerError) -> (id: ProducerID, epoch: ProducerEpoch) {
        if producerID != -1 {
            guard producerID >= 0, producerID < (mirror.producerIDs?.next ?? 0) else {
                throw BrokerError(.unknownProducerID, "producer id \(producerID) was never given out by this cluster")
            }
            guard epoch >= 0 else {
                throw BrokerError(.invalidProducerEpoch, "producer id \(producerID) needs its epoch, not \(epoch)")
            }
            if epoch < ProducerEpoch.max { return (producerID, epoch + 1) }
            // Epochs are used up: the producer goes on under a new id.
        }
        while producerIDs.isEmpty { try await refillProducerIDs() }
        return (producerIDs.removeFirst(), 0)
    }

    /// Takes a block from the store. Those who come while one is on its way wait for it.
    private func refillProducerIDs() async throws(BrokerError) {
        if let refill { return try await refill.value.get() }
        let task = Task {
            // Before those who wait look again: they must not find a task that is over.
            defer { refill = nil }
            do throws(BrokerError) {
                producerIDs = try await reserveProducerIDs()
                return Result<Void, BrokerError>.success(())
            } catch {
                return .failure(error)
            }
        }
        refill = task
        try await task.value.get()
    }

    private func reserveProducerIDs() async throws(BrokerError) -> Range<ProducerID> {
        for _ in 0..<Self.attemptsMax {
            let counter = try await newestImage().producerIDs
            let first = counter?.next ?? 0
            var transaction = MetadataTransaction()
            let next = ProducerIDCounter(next: first + Self.producerIDBlock)
            transaction.put(.producerIDs(next), ifRevision: counter?.revision ?? 0)
            if let revision = try await commit([transaction]) {
                await applied(revision)
                return first..<first + Self.producerIDBlock
            }
        }
        throw BrokerError(.requestTimedOut, "no producer ids could be reserved; try again")
    }
}
