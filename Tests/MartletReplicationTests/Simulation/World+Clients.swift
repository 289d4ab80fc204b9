import HashTreeCollections
import MartletBroker
import MartletCore
import MartletMetadata

/// Sends one batch at a time with acks=all, again and again until it is acknowledged.
struct SimulatedProducer {
    var index: Int
    /// Nil: between two batches.
    var id: Int?
    var sent = 0
}

/// Reads what is committed, from the first record on.
struct SimulatedReader {
    var position: Offset = 0
    /// The newest leader epoch that it has heard of.
    var epoch: LeaderEpoch = 0
    var latest: Offset = 0
}

extension World {
    // MARK: Producing

    func produce(_ producer: Int) {
        if producers[producer].id != nil {
            guard now - producers[producer].sent > 1_500 else { return }
        } else {
            producers[producer].id = nextID
            nextID += 1
        }
        producers[producer].sent = now
        guard let id = producers[producer].id else { return }
        // Any broker's word for who leads; half of the time the right one.
        let known = brokers[roll(0...2)].image.partitions[Self.partition]?.leader?.broker
        let target = chance(900) ? known ?? 1 : BrokerID(roll(1...3))
        after(roll(1...8)) { [self] in
            let broker = broker(target)
            guard broker.isUp else { return }
            if broker.isPaused {
                broker.held.append { [self] in try receive(id, from: producer, broker) }
            } else {
                try receive(id, from: producer, broker)
            }
            if fault(20) { after(roll(1...300), on: broker) { [self] in try receive(id, from: producer, broker) } }
        }
    }

    private func receive(_ id: Int, from producer: Int, _ broker: SimulatedBroker) throws {
        guard let state = broker.leaderState else { return }
        let waiter: SimulatedBroker.Waiter
        if let offset = broker.log.offset(of: id) {
            counts.duplicates += 1
            waiter = .init(reach: offset + 1, epoch: state.epoch, id: id, producer: producer)
            if options.plant == .acknowledgesDuplicateEarly { return try answer(broker, waiter) }
        } else {
            // A copy that was under way for long: its producer has been answered.
            guard producers[producer].id == id, !state.isBelowMinimum else { return }
            let offset = try append(id, to: broker, state.epoch)
            waiter = .init(reach: offset + 1, epoch: state.epoch, id: id, producer: producer)
        }
        guard let now = broker.leaderState, now.highWatermark < waiter.reach else { return try answer(broker, waiter) }
        broker.waiters.append(waiter)
    }

    /// The batch is kept: its producer hears of it, perhaps.
    func answer(_ broker: SimulatedBroker, _ waiter: SimulatedBroker.Waiter) throws {
        guard broker.leaderState?.epoch == waiter.epoch || options.plant == .waiterSurvivesDemotion else {
            throw violation("a waiter of epoch \(waiter.epoch) is answered in another")
        }
        // Even an answer that gets lost on its way was one.
        try checks.acknowledged(waiter.id, at: waiter.reach - 1, self)
        counts.acknowledged += 1
        guard !fault(20) else { return }
        after(roll(1...8)) { [self] in
            if producers[waiter.producer].id == waiter.id { producers[waiter.producer].id = nil }
        }
    }

    // MARK: Reading

    func read(_ reader: Int) throws {
        let source = brokers[roll(0...2)]
        let broker = brokers[roll(0...2)]
        guard source.isUp, broker.isUp, !broker.isPaused else { return }
        if let record = source.image.partitions[Self.partition] {
            readers[reader].epoch = max(readers[reader].epoch, record.leaderEpoch)
        }
        guard let state = broker.leaderState else { return }
        if state.epoch > readers[reader].epoch { readers[reader].epoch = state.epoch }
        guard state.epoch == readers[reader].epoch else { return }
        guard now < broker.sessionDeadline || state.isProven(at: time) else { return }
        let end = options.plant == .showsUncommitted ? broker.log.logEndOffset : state.highWatermark
        if state.isHighWatermarkKnown {
            guard end >= readers[reader].latest else {
                throw violation("the latest offset went back from \(readers[reader].latest) to \(end)")
            }
            readers[reader].latest = end
        }
        let position = max(readers[reader].position, broker.log.logStartOffset)
        guard position <= broker.log.logEndOffset else {
            throw violation("broker \(broker.id) leads with a log that ends below what was read, \(position)")
        }
        for offset in position..<max(position, min(end, position + 50)) {
            guard let batch = broker.log.batch(at: offset) else { break }
            try checks.read(batch, self)
            readers[reader].position = offset + 1
            counts.reads += 1
        }
    }
}
