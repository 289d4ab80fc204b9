internal import MartletCore
internal import MartletMetadata

/// Producer ids that are reserved in the store and not given out yet.
struct ProducerIDSupply {
    /// Ids that one reservation takes from the store.
    static let block: ProducerID = 1_000

    private var ranges: [Range<ProducerID>] = []

    /// Half a block is left, or less: time to reserve the next while the store can be reached.
    var isLow: Bool { ranges.reduce(0) { $0 + $1.count } <= Self.block / 2 }

    mutating func add(_ range: Range<ProducerID>) {
        ranges.append(range)
    }

    /// Nil: there is none.
    mutating func take() -> ProducerID? {
        guard let id = ranges.first?.first else { return nil }
        ranges[0].removeFirst()
        if ranges[0].isEmpty { ranges.removeFirst() }
        return id
    }
}

extension ControlPlane {
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
        while true {
            if let id = producerIDs.take() {
                keepProducerIDs()
                return (id, 0)
            }
            try await replenishing().value.get()
        }
    }

    /// Reserves ids ahead in a cluster, so that producers can start while the store is away.
    private func keepProducerIDs() {
        guard settings.isClustered, producerIDs.isLow, !isStopping else { return }
        _ = replenishing()
    }

    /// Takes a block from the store. Those who come while one is on its way wait for the same.
    func replenishing() -> Task<Result<Void, BrokerError>, Never> {
        if let refill { return refill }
        let task = Task {
            // Before those who wait look again: they must not find a task that is over.
            defer { refill = nil }
            do throws(BrokerError) {
                producerIDs.add(try await reserveProducerIDs())
                return Result<Void, BrokerError>.success(())
            } catch {
                return .failure(error)
            }
        }
        refill = task
        return task
    }

    private func reserveProducerIDs() async throws(BrokerError) -> Range<ProducerID> {
        for _ in 0..<Self.attemptsMax {
            let counter = try await newestImage().producerIDs
            let first = counter?.next ?? 0
            var transaction = MetadataTransaction()
            let next = ProducerIDCounter(next: first + ProducerIDSupply.block)
            transaction.put(.producerIDs(next), ifRevision: counter?.revision ?? 0)
            if let revision = try await commit([transaction]) {
                await applied(revision)
                return first..<first + ProducerIDSupply.block
            }
        }
        throw BrokerError(.requestTimedOut, "no producer ids could be reserved; try again")
    }
}
