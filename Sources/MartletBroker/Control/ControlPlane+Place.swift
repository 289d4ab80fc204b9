internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata

// A clustered broker's place among the others: kept while it runs, handed over before it stops.
extension ControlPlane {
    private static let requestTimeout = Duration.seconds(2)
    private static let lookEvery = Duration.milliseconds(250)
    /// A store that lets a session be taken up again does so by itself within this.
    private static let sessionPatience = Duration.milliseconds(400)
    /// How long a stopping broker that leads nothing any more waits to be taken out of in-sync sets.
    private static let leavePatience = Duration.seconds(2)

    /// RULES 18: a lost session changes nothing by itself. This run opens another, lifts the fence if it was declared
    /// dead meanwhile, and keeps what the store says that it leads.
    func keepPlace() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: Self.lookEvery)
                try await lookAfterPlace()
            } catch is CancellationError {
                return
            } catch {
                logger.warning("this broker's place in the cluster is in doubt", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func lookAfterPlace() async throws {
        guard !isStopping, !isSuperseded, let record = mirror.brokers[settings.brokerID]?.record else { return }
        guard record.startEpoch == startEpoch else { return giveUp(record) }
        guard mirror.sessions[settings.brokerID]?.startEpoch == startEpoch else {
            let since = sessionMissedSince ?? .now
            sessionMissedSince = since
            guard ContinuousClock.now - since >= Self.sessionPatience else { return }
            let session = try await metadata.openSession(broker: settings.brokerID, startEpoch: startEpoch)
            self.session = session
            replication.session(session)
            sessionMissedSince = nil
            logger.warning("the session with the metadata store was lost; opened another")
            return
        }
        sessionMissedSince = nil
        guard record.isFenced else { return }
        logger.warning("this broker was taken for dead and is back")
        try await changeRegistration { $0.isFenced = false }
    }

    /// Two processes run as one broker: the later registration counts. This run serves nothing any more, has no say in
    /// anything, and asks to be stopped.
    private func giveUp(_ other: BrokerRecord) {
        isSuperseded = true
        feed?.cancel()
        controller?.stop()
        let reason = BrokerError(
            .brokerUnavailable, "another process runs as broker \(settings.brokerID); ask that one")
        for (_, entry) in table.snapshot {
            if case .replica(let replica) = entry { replication.unassign(replica, reason) }
        }
        replication.stop()
        displacement.continuation.yield(
            BrokerError(
                .brokerUnavailable,
                "another process has registered as broker \(settings.brokerID), at \(other.host):\(other.port), from this "
                    + "data directory or a copy of it: this one stops. A broker's number and its data directory are for "
                    + "one process only"))
    }

    /// Asks the controller, wherever it is, to let others lead (RULES 20).
    func passOn(_ request: MoveRequest) async {
        guard let id = mirror.controller?.broker else { return }
        if id == settings.brokerID {
            let leader = PartitionLeader(broker: request.leader.broker, startEpoch: request.leader.startEpoch)
            controller?.send(.moveRequested(leader, request.items.map { ($0.id, $0.leaderEpoch) }))
            return
        }
        guard let record = mirror.brokers[id]?.record, let peer = peers?.peer(PeerAddress(record)) else { return }
        if case .failure(let error) = await peer.requestMove(request, timeout: Self.requestTimeout) {
            logger.info("the controller took no request to move leadership", metadata: ["reason": "\(error.message)"])
        }
        peer.close()
    }

    // MARK: Stopping

    /// Gives leadership to others, then leaves the in-sync sets, so that nobody waits for this broker. Returns when
    /// nothing more will be taken off it, or after the grace. It serves until then.
    func handOver() async {
        guard settings.isClustered, startEpoch > 0, !isStopping, !isSuperseded else { return }
        isStopping = true
        let deadline = ContinuousClock.now + settings.shutdownGrace
        let me = PartitionLeader(broker: settings.brokerID, startEpoch: startEpoch)
        do {
            try await changeRegistration { $0.isStopping = true }
            await wait(until: deadline) { record, next in
                record.leader == me && next != nil && next?.leader != me
            }
            try await changeRegistration { $0.isFenced = true }
            await wait(until: min(deadline, .now + Self.leavePatience)) { record, next in
                record.inSyncReplicas.contains(me.broker) && next?.inSyncReplicas.contains(me.broker) == false
            }
        } catch {
            logger.warning(
                "leadership could not be handed over; others take it when the session ends",
                metadata: ["reason": "\(error)"])
        }
    }

    /// Returns when no partition here `isToGo` any more, given its record and what the controller will make of that.
    /// Looks at those that are left, after each change of the metadata.
    private func wait(
        until deadline: ContinuousClock.Instant, _ isToGo: (PartitionRecord, _ next: PartitionRecord?) -> Bool
    ) async {
        var rest = local.flatMap { topic, indexes in indexes.map { TopicIDPartition(topicID: topic, partition: $0) } }
        var seen: Revision?
        while ContinuousClock.now < deadline {
            if seen != mirror.revision {
                seen = mirror.revision
                keep(&rest, isToGo)
            }
            if rest.isEmpty { return }
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
        }
        logger.warning("stopping before all was handed over", metadata: ["partitions": "\(rest.count)"])
    }

    private func keep(
        _ partitions: inout [TopicIDPartition], _ isToGo: (PartitionRecord, _ next: PartitionRecord?) -> Bool
    ) {
        let standings = mirror.standings
        let defaults = TopicPlanner.defaults(mirror, settings)
        // A topic's rules are the same for all its partitions with as many replicas.
        var last: (topic: TopicID, replicas: Int, plan: PartitionPlan)?
        partitions.removeAll { id in
            guard let record = mirror.partitions[id]?.record else { return true }
            let replicas = record.finalReplicas.count
            if let last, last.topic == id.topicID, last.replicas == replicas {
                return !isToGo(record, last.plan.next(record))
            }
            guard let topic = mirror.topic(id.topicID) else { return true }
            let rules = ElectionRules(topic.settings, defaults: defaults, replicas: replicas)
            let plan = PartitionPlan(standings: standings, rules: rules)
            last = (id.topicID, replicas, plan)
            return !isToGo(record, plan.next(record))
        }
    }
}
