internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

// What a controller does at each event.
extension ControllerMachine {
    mutating func rule() {
        guard var reign = self.reign else { return }
        // Taken out while it is changed, so that its tables are not copied.
        self.reign = nil
        declareDead(&reign)
        answerRequests(&reign)
        if now >= reign.nextTick { tick(&reign) }
        while reign.flights.count < settings.transactionsInFlightMax, let flight = nextFlight(&reign) {
            let id = makeTransaction()
            reign.flights[id] = flight.flight
            actions.append(.commit(id, flight.transaction))
        }
        self.reign = reign
    }

    // MARK: Deaths

    /// Counts the dead as gone from here on: their fence goes out with the first of the changes that it causes.
    private mutating func declareDead(_ reign: inout Reign) {
        for (run, reason) in watch.verdicts(image, at: now) where reign.dying[run.broker] == nil {
            actions.append(.note(.declaredDead(run, reason: reason)))
            tally.deaths += 1
            reign.dying[run.broker] = run
            reign.standings[run.broker] = BrokerStanding(run.broker, in: image, isDying: true)
            reign.work.enqueue(broker: run.broker, in: image)
        }
    }

    private func unfenced(_ reign: Reign) -> [PartitionLeader] {
        let underway = Set(reign.flights.values.flatMap(\.fenced))
        return reign.dying.values.filter { !underway.contains($0.broker) }.sorted { $0.broker < $1.broker }
    }

    // MARK: Transactions

    /// The next transaction's worth of changes; nil: nothing is to be changed now.
    private mutating func nextFlight(_ reign: inout Reign) -> (flight: Reign.Flight, transaction: MetadataTransaction)?
    {
        var flight = Reign.Flight()
        var transaction = MetadataTransaction()
        transaction.expect(.controller, at: reign.revision)
        for run in unfenced(reign) {
            guard let broker = image.brokers[run.broker], broker.startEpoch == run.startEpoch else { continue }
            var record = broker.record
            record.isFenced = true
            transaction.put(.broker(record), ifRevision: broker.revision)
            flight.fenced.append(run.broker)
        }
        while transaction.changes.count < reign.batchLimit, let id = reign.work.next() {
            guard !reign.locked.contains(id), let partition = image.partitions[id] else { continue }
            switch decide(partition.record, &reign) {
            case .put(let record)?: transaction.put(record, ifRevision: partition.revision)
            case .remove(let key)?: transaction.remove(key, ifRevision: partition.revision)
            case nil: continue
            }
            flight.partitions.append(id)
            reign.locked.insert(id)
        }
        return transaction.changes.isEmpty ? nil : (flight, transaction)
    }

    /// What one partition needs, or else what is wished of it.
    private func decide(_ record: PartitionRecord, _ reign: inout Reign) -> MetadataChange? {
        let id = record.id
        let wish = reign.wishes.removeValue(forKey: id)
        guard let topic = image.topic(id.topicID), id.partition < topic.partitionCount else {
            if case .remove? = wish { return .remove(.partition(id)) }
            if reign.orphans[id] == nil { reign.orphans[id] = now }
            return nil
        }
        reign.orphans[id] = nil
        let plan = PartitionPlan(standings: reign.standings, rules: rules(topic.record, record, &reign))
        if let next = plan.next(record) { return .put(.partition(next)) }
        let wanted: PartitionRecord? =
            switch wish {
            case .lead(let broker)?: plan.moved(record, to: broker)
            case .preferred?: plan.preferred(record)
            case .target(let target)? where record.targetReplicas.isEmpty: record.moving(to: target)
            case .target?, .remove?, nil: nil
            }
        if let wanted { return .put(.partition(wanted)) }
        if plan.preferred(record) == nil {
            reign.misplaced[id] = nil
        } else if reign.misplaced[id] == nil {
            reign.misplaced[id] = now
        }
        return nil
    }

    /// One replica more or less does not change a topic's rules: they are worked out once for its first partition that
    /// comes by.
    func rules(_ topic: TopicRecord, _ record: PartitionRecord, _ reign: inout Reign) -> ElectionRules {
        if let known = reign.rules[topic.id] { return known }
        let defaults = settings.topicDefaults.merging(image.defaults?.settings ?? [:]) { _, cluster in cluster }
        let rules = ElectionRules(topic.settings, defaults: defaults, replicas: record.finalReplicas.count)
        reign.rules[topic.id] = rules
        return rules
    }
}

extension PartitionRecord {
    /// The replicas that it is to have once nothing moves.
    var finalReplicas: [BrokerID] { targetReplicas.isEmpty ? replicas : targetReplicas }

    /// The record with its replicas on the way to `target`.
    func moving(to target: [BrokerID]) -> PartitionRecord {
        var record = self
        if formerReplicas.isEmpty { record.formerReplicas = replicas }
        record.targetReplicas = target
        record.replicas = record.formerReplicas + target.filter { !record.formerReplicas.contains($0) }
        // Members that were on the way to a former target and are in sync stay until this move is over.
        record.replicas += inSyncReplicas.filter { !record.replicas.contains($0) }
        record.fenceRemoved(since: self)
        return record
    }

    /// A new leader epoch where `old` had replicas that are none any more. Such a replica may be made again, with an
    /// empty log and by the same run of its broker: what it said before, of a log that it has no longer, and arrives
    /// late, must not count for the new one, and if it led it must not lead on.
    mutating func fenceRemoved(since old: PartitionRecord) {
        guard leaderEpoch == old.leaderEpoch, !old.replicas.allSatisfy(replicas.contains) else { return }
        if let leader, !replicas.contains(leader.broker) { self.leader = nil }
        leaderEpoch += 1
    }
}

extension Reign {
    mutating func forget(_ old: PartitionRecord) {
        work.remove(old)
        moving.remove(old.id)
        misplaced[old.id] = nil
        orphans[old.id] = nil
        wishes[old.id] = nil
    }
}
