package import MartletCore
package import MartletStorage
package import NIOCore

// What other brokers ask of this one's replicas, and what is told of them.
extension Broker {
    /// What has become durable on a follower. What does not count (another epoch, another run) is dropped. Any thread.
    package func reportDurable(_ report: DurableReport) {
        guard isServing, replication.refusal(of: report.replica) == nil else { return }
        let now = replication.elapsed
        for item in report.items {
            guard case .replica(let partition) = table[item.id] else { continue }
            partition.count(item, from: report.replica, at: now)
        }
    }

    /// Finds batches that are to replace damaged ones elsewhere: of those below this replica's high watermark, which
    /// all replicas share (RULES 17). Reads on a thread that may block; `reply` runs on `loop`.
    package func readForRepair(
        _ query: RepairQuery, on loop: any EventLoop,
        reply: @escaping @Sendable (Result<[LogRead], BrokerError>) -> Void
    ) {
        replication.disk(for: query.id).submit { [self] in
            let result = repairReads(query)
            loop.execute { reply(result) }
        }
    }

    private func repairReads(_ query: RepairQuery) -> Result<[LogRead], BrokerError> {
        do throws(BrokerError) {
            guard isServing else { throw notServing }
            let partition = try table.replica(query.id.topicID, query.id.partition)
            return .success(try partition.repairReads(query))
        } catch {
            return .failure(error)
        }
    }

    /// How the replicas here stand: these, or all. O(partitions). Any thread.
    package func replicaStates(_ ids: [TopicIDPartition]? = nil) -> [ReplicaStatus] {
        let now = replication.elapsed
        let entries = table.snapshot
        return (ids ?? Array(entries.keys)).compactMap { id in
            guard case .replica(let partition) = entries[id] else { return nil }
            return partition.replicaStatus(at: now)
        }
    }

    /// How replication stands. O(partitions). Any thread.
    package func replicationStatus() -> ReplicationStatus {
        var status = ReplicationStatus()
        status.counters = replication.counters.snapshot
        for replica in replicaStates() {
            switch replica.role {
            case .leader: status.partitionsLed += 1
            case .follower: status.partitionsFollowed += 1
            case .offline, .none: break
            }
            if replica.followers.contains(where: { !$0.isInSync }) { status.underReplicated += 1 }
            if replica.isBelowMinimum { status.underMinInSync += 1 }
            for follower in replica.followers where follower.logEndOffset >= 0 {
                status.lagMax = max(status.lagMax, replica.logEndOffset - follower.logEndOffset)
            }
        }
        return status
    }
}

extension Partition {
    func repairReads(_ query: RepairQuery) throws(BrokerError) -> [LogRead] {
        var reads: [LogRead] = []
        var offset = query.offsets.lowerBound
        var bytesLeft = query.maxBytes
        let limit = min(query.offsets.upperBound, highWatermark)
        do {
            while offset < limit, bytesLeft > 0,
                let read = try log.read(from: offset, maxBytes: bytesLeft, upTo: limit)
            {
                reads.append(read)
                bytesLeft -= read.count
                offset = read.nextOffset
            }
        } catch {
            throw BrokerError(error)
        }
        return reads
    }
}
