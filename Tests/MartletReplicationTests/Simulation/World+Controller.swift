import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

// What a controller's shell does: every broker has one, one of them is the controller.
extension World {
    func tellController(_ broker: SimulatedBroker, _ event: ControllerEvent) throws {
        guard broker.controller != nil else { return }
        let was = broker.controller?.isController == true
        let actions = broker.controller?.handle(event, at: broker.clock(at: now)) ?? []
        if broker.controller?.isController == true, !was { trace("\(broker.id) is the controller") }
        let commits = actions.filter { if case .commit = $0 { true } else { false } }.count
        let run = broker.run
        for action in actions {
            // What follows a death in the middle of it does not happen.
            guard broker.run == run else { return }
            try perform(action, of: broker)
            if commits > 1, case .commit = action, fault(100) {
                counts[.brokenBatches] += 1
                kill(broker, losesPower: false)
            }
        }
        planWake(broker)
    }

    private func planWake(_ broker: SimulatedBroker) {
        guard let deadline = broker.controller?.deadline else { return }
        let at = now + max(deadline - broker.clock(at: now), 1)
        if let planned = broker.controllerWakeAt, planned <= at, planned > now { return }
        broker.controllerWakeAt = at
        after(at - now, on: broker) { [self] in
            guard broker.controllerWakeAt == at else { return }
            broker.controllerWakeAt = nil
            try tellController(broker, .timePassed)
        }
    }

    private func perform(_ action: ControllerAction, of broker: SimulatedBroker) throws {
        switch action {
        case .commit(let id, let transaction): commit(id, planted(transaction), of: broker)
        case .dial(let record):
            let run = PartitionLeader(broker: record.id, startEpoch: record.startEpoch)
            dial(record.id, from: broker) { [self] in try tellController(broker, .dialled(run, $0)) }
        case .greet(let record):
            let run = PartitionLeader(broker: record.id, startEpoch: record.startEpoch)
            let link = Link(from: broker.id, to: record.id)
            let sentAt = now
            dial(record.id, from: broker) { [self] in
                controllerChecks.greeted(link, isAnswered: $0 == .accepted, sentAt: sentAt, at: now)
                try tellController(broker, .greeted(run, options.plant == .hearsNoGreeting ? .noAnswer : $0))
            }
        case .askReach(let record, let others):
            controllerChecks.asks(broker)
            askReach(of: record.id, to: others, for: broker)
        case .tellController(let record, let run):
            send(from: broker.id, to: record.id) { [self] in try tellController($0, .deathReported(run)) }
        case .compactHistory: break
        case .note(let note): try take(note, of: broker)
        }
    }

    private func take(_ note: ControllerNote, of broker: SimulatedBroker) throws {
        trace("controller \(broker.id): \(note)")
        switch note {
        case .elected: counts[.reigns] += 1
        case .challenged(let run):
            counts[.challenges] += 1
            try controllerChecks.challenged(run, by: broker, self)
        case .declaredDead(let run, _):
            counts[.deaths] += 1
            try controllerChecks.declaredDead(run, by: broker, self)
        case .relieved(let run):
            counts[.reliefs] += 1
            try controllerChecks.relieved(run, by: broker, self)
        case .uncleanElection, .resigned, .lostLeader, .moveFinished, .cannotDrain: break
        }
    }

    private func commit(_ id: ControllerTransactionID, _ transaction: MetadataTransaction, of broker: SimulatedBroker) {
        let writer = Writer.controller(broker.id, reign: broker.controller?.reign?.revision)
        commit(from: broker, transaction, by: writer) { [self] answer in
            if case .committed(let revision) = answer {
                return try tellController(broker, .settled(id, revision, isCommitted: true))
            }
            // RULES 22: what became of it shows in an image read from here on.
            readStore(broker) { [self] in
                try tellController(broker, .settled(id, $0.revision, isCommitted: false))
            }
        }
    }

    // MARK: Who is there

    private func dial(
        _ id: BrokerID, from broker: SimulatedBroker, _ done: @escaping (DialResult) throws -> Void
    ) {
        let result = dialResult(id, from: broker.id)
        after(result == .noAnswer ? 500 : roll(1...20), on: broker) { try done(result) }
    }

    private func dialResult(_ id: BrokerID, from other: BrokerID) -> DialResult {
        let target = broker(id)
        if target.isMachineDown || cuts.contains(Link(from: other, to: id)) || cuts.contains(Link(from: id, to: other))
        {
            return .noAnswer
        }
        guard target.isUp else { return .refused }
        return target.isPaused ? .noAnswer : .accepted
    }

    private func askReach(of id: BrokerID, to others: [BrokerID], for broker: SimulatedBroker) {
        var isAnswered = false
        if options.plant == .challengerAsksNobody {
            return after(1, on: broker) { [self] in try tellController(broker, .reachKnown(id, [broker.id])) }
        }
        send(from: broker.id, to: id) { [self] asked in
            let reached = others.filter { dialResult($0, from: id) == .accepted }
            let spokenAt = now
            send(from: asked.id, to: broker.id) { [self] in
                guard !isAnswered, $0 === broker else { return }
                isAnswered = true
                for other in others {
                    controllerChecks.heard(
                        id, by: broker.id, about: other, isReached: reached.contains(other), spokenAt: spokenAt)
                }
                let heard = options.plant == .hearsNoGreeting ? [broker.id] : reached
                try tellController(broker, .reachKnown(id, heard))
            }
        }
        after(2_000, on: broker) { [self] in
            guard !isAnswered else { return }
            isAnswered = true
            try tellController(broker, .reachKnown(id, nil))
        }
    }

    /// Its peers' connections are reset; mostly they notice, and say so (RULES 21).
    func reportDeath(of broker: SimulatedBroker) {
        let run = broker.currentRun
        for other in brokers where other.id != broker.id && other.isServing && chance(700) {
            guard dialResult(broker.id, from: other.id) == .refused else { continue }
            after(roll(1...50), on: other) { [self] in try tellController(other, .deathReported(run)) }
        }
    }

    /// A leader wants others to lead (RULES 20): told to the controller, wherever it is.
    func passOn(_ state: LeaderState, of replica: SimulatedReplica) throws {
        counts[.moveRequests] += 1
        let broker = replica.broker
        let event = ControllerEvent.moveRequested(broker.currentRun, [(replica.id, state.epoch)])
        guard let id = broker.image.controller?.broker else { return }
        if id == broker.id { return try tellController(broker, event) }
        send(from: broker.id, to: id) { [self] in try tellController($0, event) }
    }

    // MARK: Planted bugs

    /// A controller's transaction as a planted bug would have it.
    private func planted(_ transaction: MetadataTransaction) -> MetadataTransaction {
        var transaction = transaction
        let isCandidacy = transaction.changes.contains { $0.key == .controller }
        guard !isCandidacy else { return transaction }
        switch options.plant {
        case .controllerIsNotFenced: transaction.conditions.removeAll { $0.key == .controller }
        case .controllerOverwrites: transaction.conditions.removeAll { $0.key != .controller }
        case .removedReplicaCountsOn: change(&transaction) { [self] in unfence(&$0) }
        case .controllerElectsOutsider: change(&transaction) { [self] in electOutsider(&$0) }
        case .controllerKeepsEpoch:
            change(&transaction) { [self] in $0.leaderEpoch = store.image.partitions[$0.id]?.leaderEpoch ?? 0 }
        case .controllerCutsTooFar:
            change(&transaction) { if let leader = $0.leader { $0.inSyncReplicas = [leader.broker] } }
        default: break
        }
        return transaction
    }

    private func change(_ transaction: inout MetadataTransaction, _ body: (inout PartitionRecord) -> Void) {
        transaction.changes = transaction.changes.map {
            guard case .put(.partition(var record)) = $0 else { return $0 }
            body(&record)
            return .put(.partition(record))
        }
    }

    func unfence(_ record: inout PartitionRecord) {
        guard let old = store.image.partitions[record.id]?.record, record.leader == old.leader,
            !old.replicas.allSatisfy(record.replicas.contains)
        else { return }
        record.leaderEpoch = old.leaderEpoch
    }

    private func electOutsider(_ record: inout PartitionRecord) {
        let standings = store.image.standings
        guard record.leader != nil,
            let outsider = record.replicas.first(where: { !record.inSyncReplicas.contains($0) }),
            let run = standings[outsider]?.run
        else { return }
        record.leader = run
        record.leaderEpoch += 1
        record.inSyncReplicas.append(outsider)
    }
}
