internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata
internal import MartletStorage

// How a run of this broker comes to be registered.
extension ControlPlane {
    /// How often a registration that meets others is tried again, as when three brokers found a cluster at once.
    private static let registrationAttemptsMax = 20

    // MARK: Alone

    func register(host: String, port: UInt16) async throws {
        let image = try await metadata.image()
        guard try await register(image, host: host, port: port, isFenced: false) else {
            throw BrokerError(
                .brokerUnavailable, "another process registered as broker \(settings.brokerID); is it running?")
        }
        session = try await metadata.openSession(broker: settings.brokerID, startEpoch: startEpoch)
    }

    func takeOver() async throws {
        let plan = StartPlanner(image: try await metadata.image(), settings: settings, identity: store.identity)
        let transactions = plan.takeover(startEpoch: startEpoch, transactionKeysMax: metadata.transactionKeysMax)
        for transaction in transactions {
            guard case .committed = try await metadata.commit(transaction) else {
                throw BrokerError(
                    .brokerUnavailable, "the metadata changed while the broker was starting; start it again")
            }
        }
    }

    /// False: somebody else was quicker with one of the records.
    private func register(
        _ image: ClusterImage, host: String, port: UInt16, isFenced: Bool
    ) async throws -> Bool {
        let plan = StartPlanner(image: image, settings: settings, identity: store.identity)
        try plan.check()
        var generator = SystemRandomNumberGenerator()
        let clusterID = image.cluster?.id ?? "\(TopicID.random(using: &generator))"
        let registration = plan.registration(clusterID: clusterID, host: host, port: port, isFenced: isFenced)
        // First: a crash in between leaves a directory that knows too much, never one that passes for a copy.
        try store.updateIdentity { $0.runs = plan.runs }
        guard case .committed = try await metadata.commit(registration) else {
            // Another process may have registered this very run, from a copy.
            try store.updateIdentity { $0.runs = plan.identity.runs }
            return false
        }
        startEpoch = plan.startEpoch
        try store.updateIdentity { identity in
            identity.clusterID = clusterID
            identity.brokerID = settings.brokerID
        }
        return true
    }

    // MARK: In a cluster

    /// Registers fenced, leaves the in-sync sets for which this start may lack records, and lifts the fence (RULES 2,
    /// 3, 12). Leads nothing before its controller says so. Waits for a store that does not answer, in each step.
    func joinCluster(host: String, port: UInt16) async throws {
        mirror = try await patiently { try await metadata.image() }
        try StartPlanner(image: mirror, settings: settings, identity: store.identity).check()
        let isInDoubt = try await patiently {
            try await expectNoTwin(host: host, port: port, silencePatience: Self.silencePatience)
        }
        // Whatever is lost stays known over starts that end before the in-sync sets know it.
        if try lacksReplicas() || isInDoubt { try store.noteLoss() }
        try openReplicas()
        // What a replica has lost is known only then.
        store.waitForRecovery()
        if hasLostRecords { try store.noteLoss() }
        try checkEpochs()
        try await patiently { try await registerFenced(host: host, port: port, isInDoubt: isInDoubt) }
        session = try await patiently {
            try await metadata.openSession(broker: settings.brokerID, startEpoch: startEpoch)
        }
        try await patiently { try await leaveInSyncSets(isInDoubt: isInDoubt) }
        try await patiently { try await copyDamagedAnew() }
        try await patiently { try await changeRegistration { $0.isFenced = false } }
    }

    /// Directories that opening the replicas will make anew.
    private func lacksReplicas() throws(StorageError) -> Bool {
        let onDisk = try store.partitionsOnDisk()
        return mirror.partitions.contains { id, partition in
            partition.replicas.contains(settings.brokerID) && onDisk[id] == nil
        }
    }

    private var hasLostRecords: Bool {
        table.snapshot.contains { _, entry in
            if case .replica(let replica) = entry { replica.log.startFacts?.hasLostRecords == true } else { false }
        }
    }

    /// Does a step of the start again for as long as the store does not answer. In a cluster only: the store of a broker
    /// by itself is its own disk.
    func patiently<Value>(
        _ step: nonisolated(nonsending) () async throws -> Value
    ) async throws -> Value {
        var wait = StoreWait(logger: logger)
        while true {
            do {
                return try await step()
            } catch let error as MetadataError where settings.isClustered {
                try await wait.pause(after: error)
            }
        }
    }

    private func registerFenced(host: String, port: UInt16, isInDoubt: Bool) async throws {
        for _ in 0..<Self.registrationAttemptsMax {
            // One that has come meanwhile is no reason for doubt in what was opened before.
            _ = try await expectNoTwin(host: host, port: port, silencePatience: isInDoubt ? .zero : nil)
            let image = try await metadata.image()
            if try await register(image, host: host, port: port, isFenced: true) { return }
        }
        throw BrokerError(
            .brokerUnavailable,
            "the registration of broker \(settings.brokerID) was overtaken each time; is another "
                + "process running as this broker?")
    }

    /// RULES 3: the store never knows less than a directory.
    private func checkEpochs() throws(BrokerError) {
        for (id, entry) in table.snapshot {
            guard case .replica(let replica) = entry, let record = mirror.partitions[id]?.record,
                replica.log.highestEpoch > record.leaderEpoch
            else { continue }
            throw BrokerError(
                .inconsistentClusterID,
                "the broker does not start: \(replica.name) is at leader epoch \(record.leaderEpoch) in the metadata "
                    + "store, and its directory has seen \(replica.log.highestEpoch): the store was rolled back or "
                    + "replaced; 'martlet cluster recover' takes it up")
        }
    }

    /// Takes out of the in-sync sets what this start may have lost; all of it where another run may have had more.
    private func leaveInSyncSets(isInDoubt: Bool) async throws {
        let lossy = Set(
            table.snapshot.compactMap { id, entry in
                guard case .replica(let replica) = entry else { return id }
                return replica.log.startFacts?.isLossless(sameDirectory: true) == true && !isInDoubt ? nil : id
            })
        guard !lossy.isEmpty else { return }
        for _ in 0..<Self.registrationAttemptsMax {
            let plan = StartPlanner(image: try await metadata.image(), settings: settings, identity: store.identity)
            let transactions = plan.withdrawal(from: lossy, transactionKeysMax: metadata.transactionKeysMax)
            if transactions.isEmpty { return }
            for transaction in transactions { _ = try await metadata.commit(transaction) }
        }
        throw BrokerError(
            .brokerUnavailable, "the in-sync sets changed each time the broker wanted to leave them; start it again")
    }

    /// Changes this run's own record. Durable on return, and applied here once the feed is followed. Throws when another
    /// run is registered.
    func changeRegistration(_ change: (inout BrokerRecord) -> Void) async throws {
        for _ in 0..<Self.registrationAttemptsMax {
            guard let broker = try await metadata.image().brokers[settings.brokerID], broker.startEpoch == startEpoch
            else { break }
            var record = broker.record
            change(&record)
            if record == broker.record { return }
            var transaction = MetadataTransaction()
            transaction.put(.broker(record), ifRevision: broker.revision)
            if case .committed(let revision) = try await metadata.commit(transaction) { return await applied(revision) }
        }
        throw BrokerError(
            .brokerUnavailable,
            "the registration of broker \(settings.brokerID) could not be changed: another run "
                + "has taken it over")
    }
}
