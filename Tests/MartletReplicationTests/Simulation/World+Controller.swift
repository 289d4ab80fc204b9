import HashTreeCollections
import MartletBroker
import MartletCore
import MartletMetadata

// The controller, as far as one partition needs one, and the brokers' registrations and sessions.
extension World {
    /// Elects where the leader's run has ended, and moves the leadership for no reason at all.
    func control() throws {
        for (broker, end) in store.sessions where end < now {
            store.sessions[broker] = nil
            store.force([.remove(.session(broker))])
        }
        guard let partition = controllerImage.partitions[Self.partition] else { return }
        let image = controllerImage
        let isLed = partition.leader.map { image.liveRun($0.broker) == $0.startEpoch } ?? false
        guard !isLed || fault(40) else { return }
        let candidates = partition.inSyncReplicas.filter { image.liveRun($0) != nil }
        var record = partition.record
        if let next = candidates.randomElement(using: &random), let run = image.liveRun(next) {
            record.leader = PartitionLeader(broker: next, startEpoch: run)
            // As the controller does with the dead: out of the set, but never below the minimum.
            let alive = record.inSyncReplicas.filter { image.liveRun($0) != nil }
            if alive.count >= minInSync { record.inSyncReplicas = alive }
        } else if record.leader != nil {
            record.leader = nil
        } else {
            return
        }
        record.leaderEpoch += 1
        var transaction = MetadataTransaction()
        transaction.put(.partition(record), ifRevision: partition.revision)
        after(roll(1...20)) { [self] in
            _ = store.commit(transaction)
            try storeChanged()
        }
    }

    func storeChanged() throws {
        try checks.storeChanged(self)
    }

    // MARK: A broker's start (RULES 2, 12, 18)

    func start(_ broker: SimulatedBroker) {
        broker.run += 1
        broker.isUp = true
        broker.isStarting = true
        broker.role = .none
        broker.waiters = []
        broker.parked = []
        broker.held = []
        broker.isSyncing = false
        // Recovery syncs what it found.
        sync(broker)
        after(roll(5...300), on: broker) { [self] in register(broker) }
    }

    private func register(_ broker: SimulatedBroker) {
        let former = store.image.brokers[broker.id]
        broker.startEpoch = (former?.startEpoch ?? 0) + 1
        put(broker, isFenced: true, ifRevision: former?.revision ?? 0, orElse: register) { [self] in
            keepAlive(broker)
            dropLossy(broker)
        }
    }

    private func put(
        _ broker: SimulatedBroker, isFenced: Bool, ifRevision: Revision,
        orElse: @escaping (SimulatedBroker) -> Void, then: @escaping () -> Void
    ) {
        var transaction = MetadataTransaction()
        let record = BrokerRecord(
            id: broker.id, startEpoch: broker.startEpoch, directoryID: "d\(broker.id)", host: "h", port: 1, rack: "",
            isFenced: isFenced)
        transaction.put(.broker(record), ifRevision: ifRevision)
        commit(from: broker, transaction) { [self] outcome in
            trace(
                "\(broker.id) registers run \(record.startEpoch), fenced \(isFenced), lossy \(broker.isLossy): "
                    + "\(outcome)"
            )
            switch outcome {
            case .committed: then()
            case .conflict, .unknown: after(100, on: broker) { orElse(broker) }
            }
        }
    }

    /// Takes itself out of the in-sync set when its disk may have lost what it had said to be kept.
    private func dropLossy(_ broker: SimulatedBroker) {
        guard broker.isLossy, options.plant != .lossyKeepsPlace, let current = store.image.partitions[Self.partition],
            current.inSyncReplicas.contains(broker.id)
        else { return unfence(broker) }
        var record = current.record
        record.inSyncReplicas.removeAll { $0 == broker.id }
        var transaction = MetadataTransaction()
        transaction.put(.partition(record), ifRevision: current.revision)
        commit(from: broker, transaction) { [self] _ in after(50, on: broker) { [self] in dropLossy(broker) } }
    }

    private func unfence(_ broker: SimulatedBroker) {
        guard let former = store.image.brokers[broker.id] else { return }
        put(broker, isFenced: false, ifRevision: former.revision, orElse: unfence) { [self] in
            broker.isLossy = false
            broker.isStarting = false
            after(1, on: broker) { [self] in
                try feed(broker.id)
                try imageChanged(broker)
            }
        }
    }

    /// Renews the session, or opens it again with the same start epoch.
    func keepAlive(_ broker: SimulatedBroker) {
        guard !cuts.contains(Link(from: broker.id, to: -1)), broker.startEpoch > 0 else { return }
        let sent = now
        let epoch = broker.startEpoch
        after(roll(1...10), on: broker) { [self] in
            guard store.image.brokers[broker.id]?.startEpoch == epoch else { return }
            store.sessions[broker.id] = sent + Self.sessionMs
            broker.sessionDeadline = max(broker.sessionDeadline, sent + Self.sessionMs)
            if store.image.sessions[broker.id]?.startEpoch != epoch {
                store.force([.put(.session(SessionRecord(broker: broker.id, startEpoch: epoch)))])
                try storeChanged()
            }
        }
    }
}
