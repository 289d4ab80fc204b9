internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

// What a controller does once a second, when nothing urgent is left: moves that even things out.
extension ControllerMachine {
    private static let tickEvery: ControllerTime = 1_000

    mutating func tick(_ reign: inout Reign) {
        reign.nextTick = now + Self.tickEvery
        reign.requests.passTime(at: now, settings)
        askForSilent(&reign)
        compactHistory(&reign)
        removeOrphans(&reign)
        guard reign.work.isEmpty else { return }
        balance(&reign)
        moveReplicas(&reign)
    }

    /// Leadership back to preferred replicas that answer, oldest first and so many a second.
    private func balance(_ reign: inout Reign) {
        var due: [(since: ControllerTime, id: TopicIDPartition)] = []
        let silent = Set(watch.greetings.silent.map(\.broker))
        for (id, since) in reign.misplaced
        where now - since >= settings.balanceDelay && !reign.requests.isHeld(id, at: now) {
            if let preferred = image.partitions[id]?.replicas.first, silent.contains(preferred) { continue }
            due.append((since, id))
        }
        due.sort { ($0.since, $0.id) < ($1.since, $1.id) }
        for (_, id) in due.prefix(settings.balancePerSecond) { wish(.preferred, for: id, &reign) }
    }

    private func wish(_ wish: Reign.Wish, for id: TopicIDPartition, _ reign: inout Reign) {
        reign.wishes[id] = wish
        reign.work.enqueue([id])
    }

    // MARK: Replicas

    /// Takes replicas off draining brokers, and gives the broker's own topics those they lack. A few at a time.
    private mutating func moveReplicas(_ reign: inout Reign) {
        let draining = reign.standings.keys.sorted().filter { reign.standings[$0]?.reluctance == .draining }
        let growing = image.topics[OffsetsTopic.name]?.id
        guard !draining.isEmpty || growing != nil else { return }
        var room = settings.movingMax - reign.moving.count
        guard room > 0 else { return }
        var placement = placement(reign)
        for broker in draining { drain(broker, &placement, &room, &reign) }
        if let growing { grow(growing, &placement, &room, &reign) }
    }

    private func placement(_ reign: Reign) -> ReplicaPlacement {
        var replicas: [BrokerID: Int] = [:]
        for id in image.brokers.keys { replicas[id] = reign.work.partitions(of: id).count }
        return ReplicaPlacement(
            brokers: ReplicaPlacement.fitBrokers(image, needingSession: true), replicas: replicas)
    }

    private mutating func drain(
        _ broker: BrokerID, _ placement: inout ReplicaPlacement, _ room: inout Int, _ reign: inout Reign
    ) {
        var stuck = 0
        for id in reign.work.partitions(of: broker).sorted() {
            guard room > 0 else { break }
            guard let record = image.partitions[id]?.record, record.replicas.contains(broker),
                record.targetReplicas.isEmpty
            else { continue }
            guard let other = placement.addition(to: record.replicas) else {
                stuck += 1
                continue
            }
            wish(.target(record.replicas.map { $0 == broker ? other : $0 }), for: id, &reign)
            room -= 1
        }
        if stuck > 0, reign.stuck[broker] != stuck {
            actions.append(.note(.cannotDrain(broker, partitions: stuck)))
        }
        reign.stuck[broker] = stuck
    }

    private func grow(
        _ topic: TopicID, _ placement: inout ReplicaPlacement, _ room: inout Int, _ reign: inout Reign
    ) {
        let wanted = min(settings.internalReplicas, placement.count)
        for id in reign.work.partitions(of: topic) where room > 0 {
            guard let record = image.partitions[id]?.record, record.targetReplicas.isEmpty,
                record.replicas.count < wanted
            else { continue }
            var target = record.replicas
            while target.count < wanted, let other = placement.addition(to: target) { target.append(other) }
            guard target != record.replicas else { continue }
            wish(.target(target), for: id, &reign)
            room -= 1
        }
    }

    // MARK: Requests of leaders

    /// Gives a partition whose leader cannot reach enough replicas to an in-sync one that can (RULES 20).
    mutating func answerRequests(_ reign: inout Reign) {
        for id in reign.requests.partitions {
            guard let record = image.partitions[id]?.record, let topic = image.topic(id.topicID),
                reign.requests.isCurrent(id, leader: record.leader, epoch: record.leaderEpoch)
            else {
                reign.requests.close(id)
                continue
            }
            let rules = rules(topic.record, record, &reign)
            let isForSilent = reign.requests.isForSilent(id)
            guard let choice = choice(record, rules, isForSilent: isForSilent, &reign) else { continue }
            if isForSilent, let leader = record.leader, reign.relieved.insert(leader).inserted {
                actions.append(.note(.relieved(leader)))
            }
            reign.requests.moved(id, at: now, settings)
            wish(.lead(choice), for: id, &reign)
        }
    }

    /// A leader that does not answer may have a session all the same: only the store reaches it, and it cannot ask. It
    /// is asked for; what the candidates say decides whether it is silent to them, too.
    private func askForSilent(_ reign: inout Reign) {
        let silent = watch.greetings.silent.filter { run in
            guard let since = watch.greetings.silentSince(run, at: now), let standing = reign.standings[run.broker]
            else { return false }
            return now - since >= settings.leaderSilence && standing.run == run && !standing.isOut
        }
        reign.relieved.formIntersection(silent)
        for run in silent {
            for id in reign.work.partitions(of: run.broker) {
                guard let record = image.partitions[id]?.record, record.leader == run else { continue }
                reign.requests.add(id, leader: run, epoch: record.leaderEpoch, isForSilent: true, at: now)
            }
        }
    }

    /// The member that reaches the most replicas, itself counted, and no fewer than are wanted; nil: none, or not all
    /// have answered yet. Who is not in sync counts as well, and joins once it reaches its new leader: by the time of the
    /// request the former one has cut the set down to the fewest, among which it is itself.
    ///
    /// Nobody takes a partition from a silent leader that a candidate reaches, or a candidate that reaches nobody: then
    /// it is this broker, or the candidate, that is cut off.
    private mutating func choice(
        _ record: PartitionRecord, _ rules: ElectionRules, isForSilent: Bool, _ reign: inout Reign
    ) -> BrokerID? {
        let candidates = record.replicas.filter { broker in
            broker != record.leader?.broker && record.inSyncReplicas.contains(broker)
                && reign.standings[broker].map { $0.isElectable && $0.reluctance == .none } == true
        }
        var best: (broker: BrokerID, reached: Int)?
        var isComplete = true
        for candidate in candidates {
            guard let reach = reach(of: candidate, &reign) else {
                isComplete = false
                continue
            }
            if isForSilent {
                if let leader = record.leader?.broker, reach.contains(leader) { return nil }
                guard !reach.isEmpty else { continue }
            }
            let reached =
                1
                + record.replicas.filter { replica in
                    replica != candidate && reach.contains(replica) && reign.standings[replica]?.isOut == false
                }.count
            if reached >= rules.minInSyncReplicas, reached > best?.reached ?? 0 { best = (candidate, reached) }
        }
        return isComplete ? best?.broker : nil
    }

    private mutating func reach(of broker: BrokerID, _ reign: inout Reign) -> Set<BrokerID>? {
        if let known = reign.requests.reach(of: broker, at: now, settings) { return known }
        if reign.requests.needsReach(of: broker, at: now, settings), let record = image.brokers[broker]?.record {
            actions.append(.askReach(of: record, to: image.brokers.keys.sorted().filter { $0 != broker }))
        }
        return nil
    }

    // MARK: What nobody needs any more

    private mutating func compactHistory(_ reign: inout Reign) {
        guard now - reign.history.at >= settings.historyAge else { return }
        actions.append(.compactHistory(before: reign.history.revision))
        reign.history = (image.revision, now)
    }

    /// Partitions that were written for a topic whose own record never came, or of one that was not wholly deleted.
    private func removeOrphans(_ reign: inout Reign) {
        for (id, since) in reign.orphans.sorted(by: { $0.key < $1.key }) where now - since >= settings.orphanAge {
            wish(.remove, for: id, &reign)
        }
    }
}
