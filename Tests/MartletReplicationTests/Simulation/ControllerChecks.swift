import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

/// What must hold of every transaction that the store takes, whoever made it; of a controller's most of all.
struct ControllerChecks {
    private var sessionEnds: [PartitionLeader: [WorldTime]] = [:]
    private var reignStarts: [Revision: WorldTime] = [:]
    /// Greetings of one broker by another that found nobody, one after the other, as far as their outcomes have come
    /// back: when the first was sent, when the last came back. Nobody can know more.
    private var silences: [Link: (since: WorldTime, until: WorldTime)] = [:]
    /// Whose last word to a challenger was that it does not reach a controller, and when that was spoken.
    private var misses: [Word: WorldTime] = [:]
    /// Who was in service when a challenger asked last: the majority is one of those, whoever comes or leaves later.
    private var electorates: [BrokerID: Set<BrokerID>] = [:]

    private struct Word: Hashable {
        let challenger: BrokerID
        let voter: BrokerID
        let controller: BrokerID
    }

    mutating func sessionEnded(_ run: PartitionLeader, at now: WorldTime) {
        sessionEnds[run, default: []].append(now)
    }

    /// The outcome of a greeting is there. One that took longer than greetings can, or comes so long after the one before,
    /// says that the greeter stood still: that is nobody's silence.
    mutating func greeted(_ link: Link, isAnswered: Bool, sentAt: WorldTime, at now: WorldTime) {
        let limit = ControllerSettings().greetingLimit
        guard !isAnswered, now - sentAt <= limit else { return silences[link] = nil }
        if let silence = silences[link], sentAt - silence.until <= limit {
            silences[link] = (silence.since, now)
        } else {
            silences[link] = (sentAt, now)
        }
    }

    mutating func asks(_ challenger: SimulatedBroker) {
        let image = challenger.image
        var electorate = Set(image.brokers.filter { !$0.value.isFenced }.keys)
        electorate.insert(challenger.id)
        if let controller = image.controller { electorate.insert(controller.broker) }
        electorates[challenger.id] = electorate
    }

    /// What `voter` had said at `time` has reached the challenger.
    mutating func heard(
        _ voter: BrokerID, by challenger: BrokerID, about controller: BrokerID, isReached: Bool,
        spokenAt time: WorldTime
    ) {
        misses[Word(challenger: challenger, voter: voter, controller: controller)] = isReached ? nil : time
    }

    /// Its process knows nothing of what the last one saw.
    mutating func started(_ broker: BrokerID) {
        silences = silences.filter { $0.key.from != broker }
        misses = misses.filter { $0.key.challenger != broker }
        electorates[broker] = nil
    }

    mutating func committed(
        _ transaction: MetadataTransaction, by writer: Writer, before: ClusterImage, _ world: World
    ) throws {
        for change in transaction.changes {
            guard case .put(.partition(let new)) = change else { continue }
            try check(before.partitions[new.id]?.record, new, world)
        }
        guard case .controller(let broker, let reign) = writer else { return }
        if transaction.changes.contains(where: { $0.key == .controller }) {
            if before.controller != nil { world.counts[.depositions] += 1 }
            reignStarts[world.store.image.revision] = world.now
            return
        }
        guard before.controller?.revision == reign else {
            throw world.violation("broker \(broker) is the controller no more, and changed something")
        }
        let compared = Set(transaction.conditions.map(\.key))
        for change in transaction.changes {
            guard compared.contains(change.key) else {
                throw world.violation("a controller changed \(change.key) without comparing it")
            }
            switch change {
            case .put(.partition(let new)): try checkDecision(before.partitions[new.id]?.record, new, world)
            case .put(.broker(let new)):
                guard let old = before.brokers[new.id]?.record, !old.isFenced, new.isFenced,
                    old.startEpoch == new.startEpoch
                else { throw world.violation("broker \(new.id) was changed by a controller: \(new)") }
            default: throw world.violation("a controller wrote \(change.key)")
            }
        }
    }

    // MARK: Partitions

    /// Whoever writes it.
    private func check(_ old: PartitionRecord?, _ new: PartitionRecord, _ world: World) throws {
        guard let old else { return }
        guard new.leaderEpoch >= old.leaderEpoch else {
            throw world.violation("\(new.id): the epoch went back to \(new.leaderEpoch)")
        }
        if new.leader != old.leader, new.leaderEpoch == old.leaderEpoch {
            throw world.violation("\(new.id): another leader at the same epoch")
        }
        guard new.lastUncleanEpoch == old.lastUncleanEpoch || world.allowsUnclean else {
            throw world.violation("\(new.id): an unclean election that nobody asked for")
        }
        if new.targetReplicas.isEmpty, !old.targetReplicas.isEmpty { world.counts[.finishedMoves] += 1 }
    }

    /// By a controller.
    private func checkDecision(_ old: PartitionRecord?, _ new: PartitionRecord, _ world: World) throws {
        guard let old else { throw world.violation("\(new.id) came from nowhere") }
        guard !new.inSyncReplicas.isEmpty || old.inSyncReplicas.isEmpty else {
            throw world.violation("\(new.id): nobody is in sync any more")
        }
        guard new.inSyncReplicas.allSatisfy(new.replicas.contains) else {
            throw world.violation("\(new.id): in sync without being a replica")
        }
        if new.lastUncleanEpoch > old.lastUncleanEpoch { return }
        if let leader = new.leader, leader != old.leader {
            guard old.inSyncReplicas.contains(leader.broker), new.inSyncReplicas.contains(leader.broker),
                new.replicas.contains(leader.broker)
            else { throw world.violation("\(new.id): led by \(leader.broker), in sync were \(old.inSyncReplicas)") }
        }
        let joined = new.inSyncReplicas.filter { !old.inSyncReplicas.contains($0) }
        guard joined.isEmpty else { throw world.violation("\(new.id): \(joined) were put into the in-sync set") }
        let left = old.inSyncReplicas.filter { !new.inSyncReplicas.contains($0) && new.replicas.contains($0) }
        guard left.isEmpty || new.inSyncReplicas.count >= min(world.minInSync, old.inSyncReplicas.count) else {
            throw world.violation("\(new.id): in sync are only \(new.inSyncReplicas)")
        }
        if old.targetReplicas != new.targetReplicas, new.targetReplicas.isEmpty, new.replicas != old.targetReplicas {
            throw world.violation("\(new.id): moved to \(new.replicas), not to \(old.targetReplicas)")
        }
    }

    // MARK: Deaths

    /// A controller has decided that a run of a broker is dead. RULES 18, times by its own clock.
    func declaredDead(_ run: PartitionLeader, by controller: SimulatedBroker, _ world: World) throws {
        let broker = world.broker(run.broker)
        if !broker.isUp || broker.startEpoch != run.startEpoch
            || controller.image.brokers[run.broker]?.isStopping == true
        {
            return
        }
        func elapsed(since time: WorldTime) -> WorldTime {
            controller.clock(at: world.now) - controller.clock(at: time)
        }
        let start = controller.controller?.reign.flatMap { reignStarts[$0.revision] } ?? 0
        guard
            elapsed(since: start) >= World.sessionMs
                || silence(of: run.broker, to: controller, world) >= World.sessionMs
        else {
            throw world.violation("broker \(run.broker) was declared dead too early in a reign")
        }
        let grace = ControllerSettings().silentGrace
        guard controller.image.sessions[run.broker]?.startEpoch != run.startEpoch,
            let ends = sessionEnds[run], ends.contains(where: { elapsed(since: $0) >= grace })
        else { throw world.violation("broker \(run.broker) was declared dead without any reason") }
    }

    /// How long every greeting whose outcome is known found nobody. A leap of the broker's clock may go unnoticed as far as
    /// a greeting may take.
    private func silence(of target: BrokerID, to broker: SimulatedBroker, _ world: World) -> WorldTime {
        guard let since = silences[Link(from: broker.id, to: target)]?.since else { return 0 }
        let limit = ControllerSettings().greetingLimit
        return broker.leaps.filter { $0.at >= since }.reduce(world.now - since) {
            $0 + min($1.by, limit)
        }
    }

    // MARK: Challenges

    /// A broker is about to take the place of a controller that has a session.
    func challenged(_ run: PartitionLeader, by challenger: SimulatedBroker, _ world: World) throws {
        guard silence(of: run.broker, to: challenger, world) >= World.controllerSilenceMs else {
            throw world.violation("broker \(challenger.id) challenges controller \(run.broker), which answers it")
        }
        let electorate = (electorates[challenger.id] ?? []).sorted()
        let without = electorate.filter { other in
            if other == challenger.id { return true }
            let word = Word(challenger: challenger.id, voter: other, controller: run.broker)
            guard let spokenAt = misses[word] else { return false }
            // It may be as old as an answer is waited for, and late by as much as anything is.
            return world.now - spokenAt <= 8_000
        }
        guard without.count * 2 > electorate.count, electorate.contains(run.broker) else {
            throw world.violation(
                "broker \(challenger.id) challenges controller \(run.broker): only \(without) miss it")
        }
        let start = challenger.image.controller.flatMap { reignStarts[$0.revision] } ?? 0
        guard challenger.clock(at: world.now) - challenger.clock(at: start) >= World.sessionMs else {
            throw world.violation("controller \(run.broker) was challenged as soon as it was one")
        }
    }

    // MARK: Silent leaders

    /// A controller is about to give the partitions of a leader that has a session to others, unasked.
    func relieved(_ run: PartitionLeader, by controller: SimulatedBroker, _ world: World) throws {
        guard silence(of: run.broker, to: controller, world) >= World.lagMaxMs else {
            throw world.violation("broker \(run.broker) is relieved of its partitions, and answers the controller")
        }
        let miss = misses.contains { word, _ in word.challenger == controller.id && word.controller == run.broker }
        guard miss else {
            throw world.violation("broker \(run.broker) is relieved of its partitions, and nobody misses it")
        }
    }
}
