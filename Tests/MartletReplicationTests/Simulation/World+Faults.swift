import MartletCore

// Crashes, power cuts, pauses, cut links.
extension World {
    func makeTrouble() {
        guard isTroubled else { return }
        let broker = brokers[roll(0...2)]
        switch roll(0...9) {
        case 0, 1: kill(broker, losesPower: false)
        case 2, 3: kill(broker, losesPower: syncs || chance(400))
        case 4: if chance(300) { for broker in brokers { kill(broker, losesPower: chance(syncs ? 700 : 200)) } }
        case 5: pause(broker)
        case 6, 7: cutLinks(broker)
        case 8: cutStore(broker)
        default: stop(broker)
        }
    }

    /// What a leader is about to have taken into the in-sync set restarts at this very moment (KIP-841).
    func surprise(_ joining: BrokerID) {
        guard fault(50) else { return }
        after(1) { [self] in kill(broker(joining), losesPower: true, downMs: 1...300) }
    }

    private func goDown(_ broker: SimulatedBroker, _ downMs: ClosedRange<Int> = 50...6_000) {
        broker.isUp = false
        broker.isPaused = false
        broker.run += 1
        broker.role = .none
        broker.waiters = []
        broker.parked = []
        broker.held = []
        after(roll(downMs)) { [self] in if !broker.isUp { start(broker) } }
    }

    private func kill(
        _ broker: SimulatedBroker, losesPower: Bool, downMs: ClosedRange<Int> = 50...6_000
    ) {
        guard broker.isUp else { return }
        goDown(broker, downMs)
        let kept =
            losesPower
            ? broker.log.recoverAfterPowerLoss { [self] unsynced in roll(0...unsynced) }
            : broker.log.recoverAfterKill()
        if losesPower { counts.powerLosses += 1 } else { counts.crashes += 1 }
        if !kept {
            broker.isLossy = true
            counts.lossyStarts += 1
        }
        trace(
            "\(broker.id) dies\(losesPower ? " without power" : ""), lossy \(broker.isLossy), log \(broker.log.summary)"
        )
    }

    private func stop(_ broker: SimulatedBroker) {
        guard broker.isUp else { return }
        broker.log.stopCleanly()
        goDown(broker)
    }

    private func pause(_ broker: SimulatedBroker) {
        guard broker.isUp, !broker.isPaused else { return }
        counts.pauses += 1
        broker.isPaused = true
        let run = broker.run
        after(roll(100...8_000)) { [self] in if broker.run == run { try resume(broker) } }
    }

    private func resume(_ broker: SimulatedBroker) throws {
        guard broker.isPaused else { return }
        broker.isPaused = false
        let run = broker.run
        let held = broker.held
        broker.held = []
        for event in held where broker.run == run { try event() }
    }

    /// Between the broker and one other or all others, in one direction or both.
    private func cutLinks(_ broker: SimulatedBroker) {
        counts.cuts += 1
        let oneWay = roll(0...3)
        for other in brokers where other.id != broker.id && chance(700) {
            if oneWay != 0 { cut(Link(from: broker.id, to: other.id)) }
            if oneWay != 1 { cut(Link(from: other.id, to: broker.id)) }
        }
    }

    private func cutStore(_ broker: SimulatedBroker) {
        counts.cuts += 1
        cut(Link(from: broker.id, to: -1))
    }

    private func cut(_ link: Link) {
        cuts.insert(link)
        after(roll(200...7_000)) { [self] in cuts.remove(link) }
    }

    /// From here on everything works.
    func heal() {
        isTroubled = false
        cuts = []
        for broker in brokers {
            if broker.isPaused {
                let run = broker.run
                after(1) { [self] in if broker.run == run { try resume(broker) } }
            }
            if !broker.isUp { start(broker) }
        }
    }
}
