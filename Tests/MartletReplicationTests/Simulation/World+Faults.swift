import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit
import TestSeeds

@testable import MartletBroker

// Crashes, power cuts, lost disks, pauses, cut links, a store that does not answer, clocks that leap.
extension World {
    func makeTrouble() throws {
        guard isTroubled else { return }
        let broker = brokers[Int.random(in: brokers.indices, using: &random)]
        switch roll(0...15) {
        case 0, 1: kill(broker, losesPower: false)
        case 2, 3: kill(broker, losesPower: syncs || chance(400))
        case 4: if chance(300) { for broker in brokers { kill(broker, losesPower: chance(syncs ? 700 : 200)) } }
        case 5: pause(broker)
        case 6, 7: cutLinks(broker)
        case 8: cutStore(broker)
        case 9: handOver(broker)
        case 10: killController()
        case 11: stopStore()
        case 12: try loseSessions(of: chance(300) ? brokers : [broker])
        case 13: leap(broker)
        case 14: kill(leaderOfAny() ?? broker, losesPower: chance(500))
        default: pause(leaderOfAny() ?? broker)
        }
    }

    /// Beside all that.
    func harmDisk() throws {
        guard isTroubled else { return }
        let broker = brokers[Int.random(in: brokers.indices, using: &random)]
        switch roll(0...4) {
        case 0, 1: try damage(leaderOfAny() ?? broker)
        case 2, 3: try damage(broker)
        default: failWrite(on: broker)
        }
    }

    private func leaderOfAny() -> SimulatedBroker? {
        partitions.randomElement(using: &random)
            .flatMap { store.image.partitions[$0]?.leader?.broker }.map { broker($0) }
    }

    private func killController() {
        guard let id = store.image.controller?.broker else { return }
        if chance(500) { kill(broker(id), losesPower: chance(300)) } else { pause(broker(id)) }
    }

    /// What a leader is about to have taken into the in-sync set restarts at this very moment, perhaps on an empty disk
    /// (KIP-841). True: it does.
    func surprise(_ joining: BrokerID) -> Bool {
        guard fault(60) else { return false }
        after(1) { [self] in kill(broker(joining), losesPower: true, damagePermille: 150, downMs: 1...50) }
        return true
    }

    // MARK: Processes and machines

    func goDown(_ broker: SimulatedBroker, for downMs: ClosedRange<WorldTime>) {
        broker.phase = .down
        broker.isPaused = false
        broker.run += 1
        broker.held = []
        broker.controller = nil
        for replica in broker.replicas { replica.forget() }
        let run = broker.run
        after(roll(downMs)) { [self] in if broker.run == run { start(broker) } }
    }

    /// Each of its disks is lost, or damaged, with a chance of `damagePermille`.
    func kill(
        _ broker: SimulatedBroker, losesPower: Bool, damagePermille: Int = 8,
        downMs: ClosedRange<WorldTime> = 50...6_000
    ) {
        guard broker.isUp else { return }
        if options.plant == .forgetsLoss, broker.phase == .starting { forgetLosses(of: broker) }
        counts[losesPower ? .powerLosses : .crashes] += 1
        broker.isMachineDown = losesPower
        trace("\(broker.id) dies\(losesPower ? " without power" : "")")
        reportDeath(of: broker)
        goDown(broker, for: downMs)
        for replica in broker.replicas where replica.isThere { crash(replica, losesPower: losesPower, damagePermille) }
        guard broker.replicas.contains(where: \.isLossy), chance(200) else { return }
        // It comes up, and goes down again before it has got far.
        let run = broker.run
        after(roll(1...200)) { [self] in
            guard broker.run == run else { return }
            start(broker)
            after(roll(1...300), on: broker) { [self] in kill(broker, losesPower: false, downMs: 1...200) }
        }
    }

    private func crash(_ replica: SimulatedReplica, losesPower: Bool, _ damagePermille: Int) {
        let wasLossy = replica.isLossy
        if losesPower {
            var pages = PageFate(random: random.fork())
            if !replica.log.recoverAfterPowerLoss(isKept: { pages.isKept($0) }) { replica.isLossy = true }
        } else {
            replica.log.recoverAfterKill()
        }
        if fault(damagePermille) {
            counts[.emptyDisks] += 1
            replica.lose()
            replica.isLossy = true
        } else if fault(damagePermille), replica.log.tear(random.fork()) {
            counts[.tornDisks] += 1
            replica.isLossy = true
        }
        replica.verified = min(replica.verified, replica.log.logEndOffset)
        if replica.isLossy, !wasLossy { counts[.lossyStarts] += 1 }
        trace("  \(replica.id.partition): lossy \(replica.isLossy), log \(replica.log.summary)")
    }

    /// For a planted bug: whatever was missing is as good as there.
    private func forgetLosses(of broker: SimulatedBroker) {
        for replica in broker.replicas {
            if replica.isLossy { replica.isThere = true }
            replica.isLossy = false
        }
    }

    private func pause(_ broker: SimulatedBroker) {
        guard broker.isUp, !broker.isPaused else { return }
        counts[.pauses] += 1
        trace("\(broker.id) stands still")
        broker.isPaused = true
        let run = broker.run
        after(roll(100...8_000)) { [self] in if broker.run == run { try resume(broker) } }
    }

    private func resume(_ broker: SimulatedBroker) throws {
        guard broker.isPaused else { return }
        trace("\(broker.id) goes on")
        broker.isPaused = false
        let run = broker.run
        let held = broker.held
        broker.held = []
        for event in held where broker.run == run { try event() }
    }

    private func leap(_ broker: SimulatedBroker) {
        counts[.clockLeaps] += 1
        broker.leaps.append((at: now, by: roll(100...10_000)))
    }

    // MARK: Links and the store

    /// Between the broker and others, in one direction or both.
    private func cutLinks(_ broker: SimulatedBroker) {
        counts[.cuts] += 1
        let oneWay = roll(0...3)
        for other in brokers where other.id != broker.id && chance(700) {
            if oneWay != 0 { cut(Link(from: broker.id, to: other.id)) }
            if oneWay != 1 { cut(Link(from: other.id, to: broker.id)) }
        }
    }

    private func cutStore(_ broker: SimulatedBroker) {
        counts[.cuts] += 1
        cut(Link(from: broker.id, to: Link.store))
    }

    private func cut(_ link: Link) {
        trace("nothing gets from \(link.from) to \(link.to)")
        cuts.insert(link)
        after(roll(200...7_000)) { [self] in cuts.remove(link) }
    }

    private func stopStore() {
        guard now >= storeIsDownUntil else { return }
        counts[.outages] += 1
        let end = now + roll(200...6_000)
        trace("the store is away until \(end)")
        storeIsDownUntil = end
        // It comes back with all sessions, or has lost patience with all of them.
        let givesTime = chance(600)
        after(end - now) { [self] in
            let sessionEnd = givesTime || !isTroubled ? now + Self.sessionMs : now - 1
            for run in Array(sessionEnds.keys) { sessionEnds[run] = sessionEnd }
        }
    }

    private func loseSessions(of brokers: [SimulatedBroker]) throws {
        for broker in brokers where broker.startEpoch > 0 && sessionEnds[broker.currentRun] != nil {
            counts[.lostSessions] += 1
            try endSession(of: broker.currentRun)
        }
    }

    // MARK: Peace

    /// From here on everything works.
    func heal() throws {
        trace("all is well from here on")
        isTroubled = false
        cuts = []
        storeIsDownUntil = now
        for broker in brokers {
            try drain(broker.id, false)
            if broker.isPaused {
                let run = broker.run
                after(1) { [self] in if broker.run == run { try resume(broker) } }
            }
            // A log that is offline comes back with a start only.
            if broker.replicas.contains(where: \.isOffline) { kill(broker, losesPower: false) }
            if !broker.isUp { start(broker) }
        }
        after(10_000) { [self] in try electUncleanly() }
    }
}

/// What a power cut leaves of the pages that were written and not synced: any of them.
private struct PageFate {
    /// Batches that lie in one page of 4 KiB.
    private static let batchesPerPage: Offset = 3

    private var random: SeededGenerator
    private let keptPercent: Int
    private var fates: [Offset: Bool] = [:]

    init(random: SeededGenerator) {
        self.random = random
        keptPercent = [0, 50, 90, 100].randomElement(using: &self.random) ?? 50
    }

    /// Whether the page that holds a batch has reached the disk.
    mutating func isKept(_ offset: Offset) -> Bool {
        let page = offset / Self.batchesPerPage
        if let known = fates[page] { return known }
        let fate = random.chance(keptPercent)
        fates[page] = fate
        return fate
    }
}
