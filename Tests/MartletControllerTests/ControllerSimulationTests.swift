import HashTreeCollections
import MartletCore
import MartletMetadata
import Testing

@testable import MartletBroker

@Suite("Controllers in a world of troubles")
struct ControllerSimulationTests {
    private static func settings(_ change: (inout ControllerSettings) -> Void = { _ in }) -> ControllerSettings {
        var settings = ControllerSettings()
        change(&settings)
        return settings
    }

    /// Minutes of troubles, then peace.
    private static func world(
        _ seed: UInt64, settings: ControllerSettings = settings(), topicSettings: [String: String] = [:],
        bug: ControllerWorld.Bug? = nil
    ) -> ControllerWorld {
        let brokers: Int32 = seed % 3 == 0 ? 5 : 3
        let world = ControllerWorld(seed: seed, brokers: brokers, settings: settings, bug: bug)
        world.run(until: 1_000)
        world.createTopic(partitions: 12, replicas: seed % 4 == 0 ? 2 : 3, settings: topicSettings)
        world.beginTroubles()
        world.run(until: 120_000)
        return world
    }

    @Test(
        "whatever happens, leaders come from the in-sync set and epochs rise; in peace all is led as preferred",
        arguments: UInt64(1)...40)
    func histories(seed: UInt64) {
        let world = Self.world(seed)
        #expect(world.checks.failure == nil)
        #expect(world.checks.elections >= 12)
        world.heal()
        world.run(until: world.now + 90_000)
        #expect(world.checks.failure == nil)
        // Members that were lost for good by an operator's order alone may have to be given up: nobody orders any more.
        let unrest = WorldChecks.unrest(world.store.image)
        #expect(unrest == nil, "\(world.describe())")
    }

    @Test(
        "with unclean elections allowed nothing stays without a leader while anybody lives", arguments: UInt64(50)...60)
    func unclean(seed: UInt64) {
        let world = Self.world(seed, topicSettings: ["unclean.leader.election.enable": "true"])
        #expect(world.checks.failure == nil)
        world.heal()
        world.run(until: world.now + 90_000)
        #expect(WorldChecks.unrest(world.store.image) == nil)
    }

    // MARK: Planted bugs

    /// The first seed that shows the bug.
    private static func seedsToCatch(
        settings: ControllerSettings = settings(), _ bug: @escaping ControllerWorld.Bug
    ) -> UInt64? {
        (1...20).first { world($0, settings: settings, bug: bug).checks.failure != nil }
    }

    private static func changePartitions(
        _ transaction: inout MetadataTransaction, _ change: (inout PartitionRecord) -> Void
    ) {
        transaction.changes = transaction.changes.map {
            guard case .put(.partition(var record)) = $0 else { return $0 }
            change(&record)
            return .put(.partition(record))
        }
    }

    @Test("a controller that is not fenced is caught within 20 seeds")
    func notFenced() {
        #expect(
            Self.seedsToCatch { transaction, _ in
                transaction.conditions.removeAll { $0.key == .controller && $0.revision > 0 }
            } != nil)
    }

    @Test("changes that do not compare what they were made from are caught within 20 seeds")
    func notCompared() {
        #expect(
            Self.seedsToCatch { transaction, _ in transaction.conditions.removeAll { $0.key != .controller } } != nil)
    }

    @Test("a leader from outside the in-sync set is caught within 20 seeds")
    func wrongLeader() {
        let found = Self.seedsToCatch { transaction, image in
            Self.changePartitions(&transaction) { record in
                guard let outsider = record.replicas.first(where: { !record.inSyncReplicas.contains($0) }),
                    let run = image.standings[outsider]?.run, record.leader != nil
                else { return }
                record.leader = run
                record.leaderEpoch += 1
                record.inSyncReplicas.append(outsider)
            }
        }
        #expect(found != nil)
    }

    @Test("a new run that leads at its old epoch is caught within 20 seeds")
    func sameEpoch() {
        let found = Self.seedsToCatch { transaction, image in
            Self.changePartitions(&transaction) { record in
                record.leaderEpoch = image.partitions[record.id]?.leaderEpoch ?? 0
            }
        }
        #expect(found != nil)
    }

    @Test("an in-sync set cut below min.insync.replicas is caught within 20 seeds")
    func cutTooFar() {
        let found = Self.seedsToCatch { transaction, _ in
            Self.changePartitions(&transaction) { record in
                if let leader = record.leader { record.inSyncReplicas = [leader.broker] }
            }
        }
        #expect(found != nil)
    }

    @Test("declaring brokers dead as soon as their sessions end is caught within 20 seeds")
    func hasty() {
        var hasty = Self.settings()
        hasty.sessionTimeout = 0
        hasty.answeringGrace = 0
        let found = (1...20 as ClosedRange<UInt64>).first { seed in
            let world = Self.world(seed, settings: hasty)
            return world.checks.failure != nil
        }
        #expect(found != nil)
    }
}
