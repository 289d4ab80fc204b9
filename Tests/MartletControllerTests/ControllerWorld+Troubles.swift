import HashTreeCollections
import MartletCore
import MartletMetadata

@testable import MartletBroker

// What leaders do by themselves, what operators order, and what goes wrong.
extension ControllerWorld {
    func createTopic(partitions: Int32, replicas: Int, settings: [String: String] = [:]) {
        var placement = ReplicaPlacement(over: store.image, needingSession: false)
        for index in 0..<partitions {
            let id = TopicIDPartition(topicID: topicID, partition: index)
            let chosen = placement.place(factor: replicas)
            store.put(
                .partition(
                    PartitionRecord(id: id, leader: nil, leaderEpoch: 0, replicas: chosen, inSyncReplicas: chosen)))
        }
        store.put(
            .topic(TopicRecord(name: "t", id: topicID, partitionCount: partitions, settings: settings)))
        announce()
    }

    // MARK: Leaders

    /// Leaders that run and know that they lead take replicas that run into their in-sync sets, and others out.
    func replicate() {
        endDueSessions()
        for partition in store.image.partitions.values.sorted(by: { $0.record.id < $1.record.id }) {
            let record = partition.record
            guard let leader = record.leader, isRunning(leader), chance(0.7) else { continue }
            var new = record
            for broker in record.replicas where !record.inSyncReplicas.contains(broker) && isCaughtUp(broker) {
                new.inSyncReplicas.append(broker)
            }
            let floor = 2
            for broker in record.inSyncReplicas where broker != leader.broker && nodes[Int(broker)].process != .up {
                if new.inSyncReplicas.count > floor, chance(0.1) { new.inSyncReplicas.removeAll { $0 == broker } }
            }
            guard new != record else { continue }
            var transaction = MetadataTransaction()
            transaction.put(.partition(new), ifRevision: partition.revision)
            _ = store.commit(transaction)
            announce()
        }
    }

    func isRunning(_ run: PartitionLeader) -> Bool {
        let node = nodes[Int(run.broker)]
        return node.process == .up && node.startEpoch == run.startEpoch
    }

    private func isCaughtUp(_ broker: BrokerID) -> Bool {
        let node = nodes[Int(broker)]
        guard node.process == .up, now - node.upSince > 1_000, let record = store.image.brokers[broker]?.record else {
            return false
        }
        return !record.isFenced && record.startEpoch == node.startEpoch
    }

    // MARK: Troubles

    func beginTroubles() {
        schedule(.trouble, in: delay(100...2_000))
    }

    func makeTrouble() {
        schedule(.trouble, in: delay(50...2_500))
        let node = nodes.randomElement(using: &random)!
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25: if node.process != .down { kill(node) }
        case 25..<55: if node.process == .down { start(node) } else if node.process == .paused { resume(node) }
        case 55..<65: if node.process == .up { pause(node) }
        case 65..<70: for node in nodes where chance(0.8) { node.sessionEnd = now }
        case 70..<80: stopCleanly(node)
        case 80..<90: reassign()
        case 90..<95: drain(node.id, chance(0.5))
        default: orderUnclean()
        }
        endDueSessions()
    }

    private func stopCleanly(_ node: Node) {
        guard node.process == .up, let broker = store.image.brokers[node.id], broker.startEpoch == node.startEpoch
        else { return }
        var record = broker.record
        record.isStopping = true
        store.put(.broker(record))
        announce()
        // It ends some time later, whether everything was handed over or not.
        if chance(0.3) { kill(node) }
    }

    private func reassign() {
        guard
            let partition = store.image.partitions.values.sorted(by: { $0.record.id < $1.record.id })
                .randomElement(using: &random)
        else { return }
        let target = Array(nodes.map(\.id).shuffled(using: &random).prefix(partition.record.finalReplicas.count))
        var transaction = MetadataTransaction()
        transaction.put(.partition(partition.record.moving(to: target)), ifRevision: partition.revision)
        _ = store.commit(transaction)
        announce()
    }

    func drain(_ id: BrokerID, _ isDraining: Bool) {
        guard var record = store.image.brokers[id]?.record else { return }
        record.isDraining = isDraining
        store.put(.broker(record))
        announce()
    }

    /// An operator gives up on what no member of the in-sync set is left for.
    private func orderUnclean() {
        let standings = store.image.standings
        let rules = ElectionRules(minInSyncReplicas: 1)
        for partition in store.image.partitions.values.sorted(by: { $0.record.id < $1.record.id }) {
            let record = partition.record
            guard record.leader == nil, record.inSyncReplicas.allSatisfy({ standings[$0]?.isOut ?? true }),
                let run = record.replicas.compactMap({ standings[$0] }).first(where: \.isElectable)?.run
            else { continue }
            var new = record
            PartitionPlan(standings: standings, rules: rules).leadUncleanly(run, &new)
            var transaction = MetadataTransaction()
            transaction.put(.partition(new), ifRevision: partition.revision)
            _ = store.commit(transaction)
        }
        announce()
    }

    // MARK: Peace

    /// Everything runs, and nothing goes wrong any more.
    func heal() {
        isQuiet = true
        for node in nodes {
            let isStopping = store.image.brokers[node.id]?.isStopping == true
            if node.process == .paused, !isStopping { resume(node) }
            if node.process != .up || isStopping { start(node) }
            node.sessionEnd = nil
        }
        for node in nodes { drain(node.id, false) }
    }

    func describe() -> String {
        let image = store.image
        var lines = ["controller \(String(describing: image.controller)) at revision \(image.revision)"]
        for node in nodes {
            let session = image.sessions[node.id]?.startEpoch ?? 0
            lines.append(
                "\(node.id) \(node.process) run \(node.startEpoch) session \(session) saw "
                    + "\(node.seen)/\(store.history.count) \(String(describing: image.brokers[node.id]?.record))")
        }
        return lines.joined(separator: "\n")
    }
}
