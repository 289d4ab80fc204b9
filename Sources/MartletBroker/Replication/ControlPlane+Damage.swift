internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata
internal import MartletStorage

// Replicas that are of no use as they are: they leave their in-sync sets, and begin anew where others have the records.
extension ControlPlane {
    package func withdraw(_ ids: [TopicIDPartition]) async {
        guard !isStopping, !isSuperseded, let own = mirror.brokers[settings.brokerID], own.startEpoch == startEpoch
        else { return }
        let due = ids.filter(mayWithdraw)
        // One more is this run's own record.
        let size = max(1, metadata.transactionKeysMax - 1)
        for start in stride(from: 0, to: due.count, by: size) {
            await withdraw(due[start..<min(start + size, due.count)], as: own)
        }
    }

    /// Somebody else is in sync and can lead. The last one that is stays: after a restart it may have everything.
    private func mayWithdraw(_ id: TopicIDPartition) -> Bool {
        guard let members = mirror.partitions[id]?.inSyncReplicas, members.contains(settings.brokerID) else {
            return false
        }
        return members.contains { $0 != settings.brokerID && BrokerStanding($0, in: mirror)?.isElectable == true }
    }

    private func withdraw(_ ids: ArraySlice<TopicIDPartition>, as own: Versioned<BrokerRecord>) async {
        var transaction = MetadataTransaction()
        transaction.expect(.broker(settings.brokerID), at: own.revision)
        for id in ids {
            guard let partition = mirror.partitions[id] else { continue }
            var record = partition.record
            record.inSyncReplicas.removeAll { $0 == settings.brokerID }
            transaction.put(.partition(record), ifRevision: partition.revision)
        }
        do throws(MetadataError) {
            // Where something changed meanwhile it is tried again with the next look at what is of use.
            guard case .committed(let revision) = try await metadata.commit(transaction) else { return }
            logger.warning(
                "replicas whose logs are offline have left their in-sync sets; others lead",
                metadata: ["partitions": "\(ids.count)"])
            await applied(revision)
        } catch {
            logger.warning(
                "replicas whose logs are offline could not leave their in-sync sets; tried again",
                metadata: ["partitions": "\(ids.count)", "reason": "\(error.message)"])
        }
    }

    /// The leader has said that nothing counts on this replica. The store is asked all the same, at the time: who is
    /// in sync, or leads, keeps what it has. And so does who was repaired, or copied, or joined while the store was
    /// asked: its answer may be older.
    package func copyAnew(_ id: TopicIDPartition, told: ReplicaStatement) async throws(BrokerError) {
        let record: PartitionRecord?
        do throws(MetadataError) {
            record = try await metadata.image().partitions[id]?.record
        } catch {
            throw BrokerError(error)
        }
        guard let record, canBeCopied(record) else {
            throw BrokerError(
                .kafkaStorageError, "the damaged replica counts as in sync, or leads: it is not copied yet")
        }
        guard case .replica(let replica) = table[id], replica.statement == told else {
            throw BrokerError(.kafkaStorageError, "the damaged replica is another one by now")
        }
        replaceByEmpty(id)
    }

    /// At a start, before this broker counts again: what was found damaged beyond recovery and others have is copied
    /// from them.
    func copyDamagedAnew() async throws {
        let damaged = table.snapshot.compactMap { id, entry -> TopicIDPartition? in
            guard case .replica(let replica) = entry, replica.log.startFacts?.isCorrupt == true else { return nil }
            return id
        }
        guard !damaged.isEmpty else { return }
        let image = try await metadata.image()
        for id in damaged.sorted() {
            if let record = image.partitions[id]?.record, canBeCopied(record) { replaceByEmpty(id) }
        }
    }

    /// Others have all that was acknowledged.
    private func canBeCopied(_ record: PartitionRecord) -> Bool {
        !record.inSyncReplicas.isEmpty && !record.inSyncReplicas.contains(settings.brokerID)
            && record.leader?.broker != settings.brokerID
    }

    private func replaceByEmpty(_ id: TopicIDPartition) {
        let topic = mirror.topic(id.topicID)?.name ?? ""
        let reason = BrokerError(.notLeaderOrFollower, "\(topic)-\(id.partition) is damaged here and is copied anew")
        if case .replica(let replica) = table[id] { replication.unassign(replica, reason) }
        table[id] = .failed(topic: topic, reason)
        do {
            try setAside(id, topic, "it was damaged, and is copied anew from the leader")
            reconcile(id.topicID, only: [id.partition])
        } catch {
            fail(id, topic, BrokerError(error))
        }
    }
}
