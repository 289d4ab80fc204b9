import HashTreeCollections
import MartletBroker
import MartletCore
import MartletMetadata

struct SimulatedFetch {
    var replica: ReplicaIdentity
    var epoch: LeaderEpoch
    var asked: FollowerState.Position
    var durable: Offset
    var number: Int
}

struct SimulatedAnswer {
    var number: Int
    var answer: FollowerState.Answer
    var batches: [SimulatedBatch]
    var highWatermark: Offset
    var logStart: Offset
}

// What a partition's shell does on a follower, and with the changes of its role.
extension World {
    /// The broker's image has changed: its replica gets the role that the partition's record gives it.
    func imageChanged(_ broker: SimulatedBroker) throws {
        guard !broker.isStarting, let record = broker.image.partitions[Self.partition] else { return }
        let own = PartitionLeader(broker: broker.id, startEpoch: broker.startEpoch)
        guard let leader = record.leader else { return leaveRole(broker) }
        if leader == own || (options.plant == .restartsAtSameEpoch && leader.broker == broker.id) {
            try lead(broker, record)
        } else if leader.broker != broker.id {
            try follow(broker, leader, record.leaderEpoch)
        } else {
            // An older run of this broker: it leads nothing, and nobody leads it.
            leaveRole(broker)
        }
    }

    func leaveRole(_ broker: SimulatedBroker) {
        broker.role = .none
        if options.plant != .waiterSurvivesDemotion { broker.waiters = [] }
        wakeFetches(broker)
    }

    private func follow(_ broker: SimulatedBroker, _ leader: PartitionLeader, _ epoch: LeaderEpoch) throws {
        if case .follower(let state) = broker.role, state.epoch == epoch { return }
        leaveRole(broker)
        guard broker.log.startFollowing(epoch) else {
            throw violation("broker \(broker.id) is to follow at \(epoch), below what its log has seen")
        }
        broker.role = .follower(FollowerState(leader: leader, epoch: epoch))
        trace("\(broker.id) follows \(leader.broker) at \(epoch), log \(broker.log.summary)")
        if options.plant == .truncatesToHighWatermark, broker.log.highWatermark < broker.log.logEndOffset {
            counts.truncations += 1
            broker.log.truncate(to: broker.log.highWatermark)
        }
        try ask(broker)
    }

    func ask(_ broker: SimulatedBroker) throws {
        guard case .follower(var state) = broker.role, let position = state.ask(broker.log, at: time) else { return }
        broker.role = .follower(state)
        broker.fetchNumber += 1
        let number = broker.fetchNumber
        let fetch = SimulatedFetch(
            replica: broker.identity, epoch: state.epoch, asked: position, durable: claimedDurable(broker),
            number: number)
        send(from: broker.id, to: state.leader.broker) { [self] leader in try handle(fetch, at: leader) }
        after(1_200, on: broker) { [self] in
            guard broker.fetchNumber == number, case .follower(var state) = broker.role else { return }
            state.failed(at: time)
            broker.role = .follower(state)
            try ask(broker)
        }
    }

    private func claimedDurable(_ broker: SimulatedBroker) -> Offset {
        options.plant == .countsUnsynced ? broker.log.logEndOffset : broker.log.durableOffset
    }

    func reportDurable(_ broker: SimulatedBroker) {
        guard case .follower(let state) = broker.role else { return }
        let replica = broker.identity
        let durable = broker.log.durableOffset
        send(from: broker.id, to: state.leader.broker) { [self] leader in
            try reported(by: replica, epoch: state.epoch, durable: durable, to: leader)
        }
    }

    func answered(_ answer: SimulatedAnswer, _ broker: SimulatedBroker) throws {
        guard answer.number == broker.fetchNumber, case .follower(var state) = broker.role else { return }
        let step = state.answered(answer.answer, leaderStart: answer.logStart, by: broker.log, at: time)
        broker.role = .follower(state)
        switch step {
        case .nothing:
            if answer.answer == .nothing { noteLeader(answer, broker) }
            try again(broker)
        case .append:
            let count = broker.log.appendAsFollower(answer.batches, epoch: state.epoch)
            for batch in answer.batches.prefix(count) {
                try checks.appended(batch, by: broker, asLeader: false, self)
            }
            state.appended(wholly: count == answer.batches.count, at: time)
            broker.role = .follower(state)
            noteLeader(answer, broker)
            sync(broker)
            try again(broker)
        case .truncate(let offset):
            try cut(broker, state) { [self] in
                counts.truncations += 1
                trace("\(broker.id) cuts to \(offset), log \(broker.log.summary)")
                try checks.truncates(broker, to: offset, self)
                broker.log.truncate(to: offset)
            }
        case .reset(let offset):
            try cut(broker, state) { [self] in
                counts.resets += 1
                trace("\(broker.id) starts anew at \(offset), log \(broker.log.summary)")
                try checks.truncates(broker, to: offset, self)
                broker.log.reset(to: offset)
            }
        }
    }

    /// Cuts take their time, and nothing else happens to the log meanwhile; but the role may change.
    private func cut(_ broker: SimulatedBroker, _ state: FollowerState, _ body: @escaping () throws -> Void) throws {
        let epoch = state.epoch
        after(roll(1...30), on: broker) { [self] in
            guard case .follower(var state) = broker.role, state.epoch == epoch else { return }
            try body()
            state.finished(true, at: time)
            broker.role = .follower(state)
            try ask(broker)
        }
    }

    private func noteLeader(_ answer: SimulatedAnswer, _ broker: SimulatedBroker) {
        broker.log.setHighWatermark(
            FollowerState.highWatermark(answer.highWatermark, logEnd: broker.log.logEndOffset))
        broker.log.deleteRecords(before: min(answer.logStart, broker.log.logEndOffset))
    }

    private func again(_ broker: SimulatedBroker) throws {
        guard case .follower(let state) = broker.role else { return }
        if let until = state.pausesUntil {
            let wait = max(
                1,
                Int(until.components.seconds) * 1_000 + Int(until.components.attoseconds / 1_000_000_000_000_000) - now)
            after(wait, on: broker) { [self] in try ask(broker) }
        } else {
            try ask(broker)
        }
    }
}
