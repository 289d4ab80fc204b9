import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker
@testable import MartletStorage

// A broker's start, its place among the others while it runs, and its clean stop (RULES 2, 12, 18).
extension World {
    func start(_ broker: SimulatedBroker) {
        broker.run += 1
        broker.phase = .starting
        broker.isMachineDown = false
        broker.startEpoch = 0
        broker.controller = nil
        broker.controllerWakeAt = nil
        controllerChecks.started(broker.id)
        broker.sessionMissedSince = nil
        broker.logsBegun = 0
        for replica in broker.replicas { beginLog(replica) }
        after(roll(5...300), on: broker) { [self] in register(broker) }
    }

    private func register(_ broker: SimulatedBroker) {
        readStore(broker) { [self] image in
            for replica in broker.replicas {
                guard let record = image.partitions[replica.id], replica.log.highestEpoch > record.leaderEpoch else {
                    continue
                }
                throw violation(
                    "broker \(broker.id) knows epoch \(replica.log.highestEpoch), the store \(record.leaderEpoch)")
            }
            let former = image.brokers[broker.id]
            let epoch = (former?.startEpoch ?? 0) + 1
            let record = BrokerRecord(
                id: broker.id, startEpoch: epoch, directoryID: "d\(broker.id)", host: "h", port: 1,
                rack: "r\(broker.id % 3)", isFenced: true, isDraining: former?.isDraining ?? false)
            var transaction = MetadataTransaction()
            transaction.put(.broker(record), ifRevision: former?.revision ?? 0)
            commit(from: broker, transaction, by: .broker) { [self] answer in
                guard case .committed = answer else { return after(100, on: broker) { [self] in register(broker) } }
                broker.startEpoch = epoch
                trace("\(broker.id) is registered as run \(epoch)")
                openSession(broker) { [self] in leaveInSyncSets(broker) }
            }
        }
    }

    /// Takes its replicas out of the in-sync sets that they may lie in (RULES 12); again, until none is left.
    private func leaveInSyncSets(_ broker: SimulatedBroker) {
        if options.plant == .lossyKeepsPlace { return changeRegistration(broker, begin) { $0.isFenced = false } }
        readStore(broker) { [self] image in
            let lossy = Set(broker.replicas.filter { $0.isLossy || !$0.isThere }.map(\.id))
            let plan = StartPlanner(image: image, settings: settings(of: broker), identity: identity(of: broker))
            guard let next = plan.withdrawal(from: lossy, transactionKeysMax: 2).first else {
                for replica in broker.replicas { replica.isLossy = false }
                return changeRegistration(broker, begin) { $0.isFenced = false }
            }
            commit(from: broker, next, by: .broker) { [self] _ in leaveInSyncSets(broker) }
        }
    }

    private func identity(of broker: SimulatedBroker) -> DirectoryIdentity {
        DirectoryIdentity(directoryID: TopicID(high: 0, low: UInt64(broker.id)), brokerID: broker.id)
    }

    func settings(of broker: SimulatedBroker) -> BrokerSettings {
        var settings = BrokerSettings()
        settings.brokerID = broker.id
        settings.isClustered = true
        return settings
    }

    /// Follows the feed, and becomes what the image says.
    private func begin(_ broker: SimulatedBroker) throws {
        broker.phase = .running
        broker.controller = ControllerMachine(broker.currentRun, settings: controllerSettings)
        keepPlaceNowAndThen(broker)
        scrubNowAndThen(broker)
        try load(broker)
    }

    /// Changes this run's own record, as often as it takes; not when another run is registered.
    private func changeRegistration(
        _ broker: SimulatedBroker, _ done: @escaping (SimulatedBroker) throws -> Void,
        _ change: @escaping (inout BrokerRecord) -> Void
    ) {
        readStore(broker) { [self] image in
            guard let current = image.brokers[broker.id], current.startEpoch == broker.startEpoch else { return }
            var record = current.record
            change(&record)
            if record == current.record { return try done(broker) }
            var transaction = MetadataTransaction()
            transaction.put(.broker(record), ifRevision: current.revision)
            commit(from: broker, transaction, by: .broker) { [self] answer in
                if case .committed = answer { return try done(broker) }
                changeRegistration(broker, done, change)
            }
        }
    }

    // MARK: While it runs

    private func keepPlaceNowAndThen(_ broker: SimulatedBroker) {
        after(250, on: broker) { [self] in
            keepPlace(broker)
            keepPlaceNowAndThen(broker)
        }
    }

    /// A lost session changes nothing by itself; one that was declared dead meanwhile lifts its fence.
    private func keepPlace(_ broker: SimulatedBroker) {
        guard broker.phase == .running, let record = broker.image.brokers[broker.id],
            record.startEpoch == broker.startEpoch
        else { return }
        guard broker.image.sessions[broker.id]?.startEpoch == broker.startEpoch else {
            let since = broker.sessionMissedSince ?? now
            broker.sessionMissedSince = since
            guard now - since >= 400 else { return }
            broker.sessionMissedSince = nil
            return openSession(broker) {}
        }
        broker.sessionMissedSince = nil
        if record.isFenced { changeRegistration(broker, { _ in }) { $0.isFenced = false } }
    }

    // MARK: Stopping

    /// Gives leadership to others, leaves the in-sync sets, and ends; also when nobody takes anything off it.
    func handOver(_ broker: SimulatedBroker) {
        guard broker.phase == .running else { return }
        counts[.cleanStops] += 1
        broker.phase = .stopping
        let deadline = now + 3_000
        changeRegistration(
            broker,
            { [self] in
                wait($0, until: deadline, for: { $0.replicas.allSatisfy { $0.leaderState == nil } }) { [self] in
                    changeRegistration($0, { [self] in leave($0, at: deadline) }) { $0.isFenced = true }
                }
            },
            { $0.isStopping = true })
        after(6_000, on: broker) { [self] in stop(broker) }
    }

    private func leave(_ broker: SimulatedBroker, at deadline: WorldTime) {
        let isOut: (SimulatedBroker) -> Bool = { [self] broker in
            partitions.allSatisfy { broker.image.partitions[$0]?.inSyncReplicas.contains(broker.id) != true }
        }
        wait(broker, until: min(deadline, now + 1_000), for: isOut) { [self] in stop($0) }
    }

    private func wait(
        _ broker: SimulatedBroker, until deadline: WorldTime, for isDone: @escaping (SimulatedBroker) -> Bool,
        then: @escaping (SimulatedBroker) throws -> Void
    ) {
        if now >= deadline || isDone(broker) {
            return after(1, on: broker) { try then(broker) }
        }
        after(50, on: broker) { [self] in wait(broker, until: deadline, for: isDone, then: then) }
    }

    private func stop(_ broker: SimulatedBroker) {
        for replica in broker.replicas {
            if replica.isOffline { replica.log.recoverAfterKill() } else { replica.log.stopCleanly() }
        }
        trace("\(broker.id) has stopped")
        let run = broker.currentRun
        goDown(broker, for: 50...3_000)
        after(roll(1...20)) { [self] in try endSession(of: run) }
    }
}
