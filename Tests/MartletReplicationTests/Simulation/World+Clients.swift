import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

/// Sends one batch at a time to one partition, with acks=all, again and again until it is acknowledged.
struct SimulatedProducer {
    var partition: Int
    /// Nil: between two batches.
    var id: Int?
    var sent: WorldTime = 0
}

/// Reads what is committed in one partition, from the first record on.
struct SimulatedReader {
    var partition: Int
    var position: Offset = 0
    /// The newest leader epoch that it has heard of.
    var epoch: LeaderEpoch = 0
    var latest: Offset = 0

    /// Told that the log was cut before what it has read.
    mutating func goBack(to offset: Offset) {
        position = min(position, offset)
        latest = min(latest, offset)
    }
}

extension World {
    private func anyBroker() -> SimulatedBroker { brokers[Int.random(in: brokers.indices, using: &random)] }

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
        // Any broker's word for who leads; most of the time the right one.
        let partition = producers[producer].partition
        let known = anyBroker().image.partitions[partitions[partition]]?.leader?.broker
        let target = chance(900) ? known.map(broker) ?? anyBroker() : anyBroker()
        let replica = target.replicas[partition]
        after(roll(1...8)) { [self] in
            guard target.isServing else { return }
            let run = target.run
            try whenAwake(target) { [self] in
                if target.run == run { try receive(id, from: producer, replica) }
            }
            if fault(20) { after(roll(1...300), on: target) { [self] in try receive(id, from: producer, replica) } }
        }
    }

    private func receive(_ id: Int, from producer: Int, _ replica: SimulatedReplica) throws {
        guard let state = replica.leaderState else { return }
        let waiter: SimulatedReplica.Waiter
        if let offset = replica.log.offset(of: id) {
            counts[.duplicates] += 1
            waiter = .init(reach: offset + 1, epoch: state.epoch, id: id, producer: producer)
            if options.plant == .acknowledgesDuplicateEarly { return try answer(replica, waiter) }
        } else {
            // A copy that was under way for long: its producer has been answered.
            guard producers[producer].id == id, !state.isBelowMinimum else { return }
            let offset = try append(id, to: replica, state.epoch)
            waiter = .init(reach: offset + 1, epoch: state.epoch, id: id, producer: producer)
        }
        guard let now = replica.leaderState, now.highWatermark < waiter.reach else {
            return try answer(replica, waiter)
        }
        replica.waiters.append(waiter)
    }

    /// The batch is kept: its producer hears of it, perhaps.
    func answer(_ replica: SimulatedReplica, _ waiter: SimulatedReplica.Waiter) throws {
        guard replica.leaderState?.epoch == waiter.epoch || options.plant == .waiterSurvivesDemotion else {
            throw violation("a waiter of epoch \(waiter.epoch) is answered in another")
        }
        // NOT_ENOUGH_REPLICAS_AFTER_APPEND: sent again.
        if let state = replica.leaderState, state.isShort { return }
        // Even an answer that gets lost on its way was one.
        try checks[replica.index].acknowledged(waiter.id, at: waiter.reach - 1, epoch: waiter.epoch, self)
        counts[.acknowledged] += 1
        guard !fault(20) else { return }
        after(roll(1...8)) { [self] in
            if producers[waiter.producer].id == waiter.id { producers[waiter.producer].id = nil }
        }
    }

    // MARK: Reading

    func read(_ reader: Int) throws {
        let source = anyBroker()
        let broker = anyBroker()
        guard source.isServing, broker.isServing, !broker.isPaused else { return }
        let partition = readers[reader].partition
        let replica = broker.replicas[partition]
        if let record = source.image.partitions[replica.id] {
            readers[reader].epoch = max(readers[reader].epoch, record.leaderEpoch)
        }
        guard let state = replica.leaderState else { return }
        if state.epoch > readers[reader].epoch { readers[reader].epoch = state.epoch }
        guard state.epoch == readers[reader].epoch else { return }
        let isProven = broker.clock(at: now) < broker.sessionDeadline || state.isProven(at: time(broker))
        guard isProven, checks[partition].counts(state.epoch) else { return }
        let end = options.plant == .showsUncommitted ? replica.log.logEndOffset : state.highWatermark
        if state.isHighWatermarkKnown {
            guard end >= readers[reader].latest else {
                throw violation("the latest offset went back from \(readers[reader].latest) to \(end)")
            }
            readers[reader].latest = end
        }
        try read(reader, replica, upTo: end)
    }

    private func read(_ reader: Int, _ replica: SimulatedReplica, upTo end: Offset) throws {
        let log = replica.log
        let position = max(readers[reader].position, log.logStartOffset)
        guard position <= log.logEndOffset else {
            throw violation("broker \(replica.broker.id) leads with a log that ends below what was read, \(position)")
        }
        for offset in position..<max(position, min(end, position + 50)) {
            guard let batch = log.batch(at: offset), !log.damage.isKnown(at: offset) else { break }
            guard !log.damage.covers(offset) else { return suspectDamage(of: replica) }
            try checks[replica.index].read(batch, self)
            readers[reader].position = offset + 1
            counts[.reads] += 1
        }
    }
}
