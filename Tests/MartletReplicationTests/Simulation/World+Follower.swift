import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

struct SimulatedFetch {
    var partition: Int
    var replica: ReplicaIdentity
    var epoch: LeaderEpoch
    var asked: FollowerState.Position
    var durable: Offset
    var incarnation: Int32
    var condition: ReplicaCondition
    /// What the leader sent for this position was damaged.
    var foundDamage: Bool
    var number: Int
}

struct SimulatedAnswer {
    var number: Int
    var answer: FollowerState.Answer
    var batches: [SimulatedBatch]
    /// Of the batches: how many come before the first one that is damaged.
    var soundCount = 0
    var highWatermark: Offset
    var logStart: Offset
}

// What a partition's shell does on a follower, and with the changes of its role.
extension World {
    /// The partition's record in the broker's image has changed: the replica gets the role that it says.
    func reconcile(_ replica: SimulatedReplica) throws {
        let broker = replica.broker
        guard broker.isServing, !replica.isOffline, let record = broker.image.partitions[replica.id] else { return }
        guard record.replicas.contains(broker.id) else { return release(replica) }
        replica.isThere = true
        guard let leader = record.leader else { return leaveRole(replica) }
        if leader == broker.currentRun || (options.plant == .restartsAtSameEpoch && leader.broker == broker.id) {
            try lead(replica, record)
        } else if leader.broker != broker.id, broker.image.brokers[leader.broker]?.startEpoch == leader.startEpoch {
            try follow(replica, leader, record.leaderEpoch)
        } else {
            // An older run of this broker, or of another: nobody leads.
            leaveRole(replica)
        }
    }

    /// The replica has moved to other brokers: its directory is set aside.
    private func release(_ replica: SimulatedReplica) {
        guard replica.isThere else { return }
        leaveRole(replica)
        trace("\(replica.broker.id) gives up its replica of \(replica.index), log \(replica.log.summary)")
        replica.lose()
    }

    func leaveRole(_ replica: SimulatedReplica) {
        replica.role = .none
        if options.plant != .waiterSurvivesDemotion { replica.waiters = [] }
        wakeFetches(replica)
    }

    private func follow(_ replica: SimulatedReplica, _ leader: PartitionLeader, _ epoch: LeaderEpoch) throws {
        if case .follower(let state) = replica.role, state.epoch == epoch { return }
        let broker = replica.broker
        leaveRole(replica)
        guard replica.log.startFollowing(epoch) else {
            throw violation("broker \(broker.id) is to follow at \(epoch), below what its log has seen")
        }
        replica.role = .follower(FollowerState(leader: leader, epoch: epoch))
        trace("\(broker.id) follows \(leader.broker) in \(replica.index) at \(epoch), log \(replica.log.summary)")
        if options.plant == .truncatesToHighWatermark, replica.log.highWatermark < replica.log.logEndOffset {
            counts[.truncations] += 1
            replica.truncate(to: replica.log.highWatermark)
        }
        try ask(replica)
    }

    func ask(_ replica: SimulatedReplica) throws {
        let broker = replica.broker
        guard case .follower(var state) = replica.role, let position = state.ask(replica.log, at: time(broker)) else {
            return
        }
        replica.role = .follower(state)
        replica.fetchNumber += 1
        let number = replica.fetchNumber
        replica.told = replica.statement
        let fetch = SimulatedFetch(
            partition: replica.index, replica: broker.identity, epoch: state.epoch, asked: position,
            durable: claimedDurable(replica), incarnation: claimedIncarnation(replica), condition: replica.condition,
            foundDamage: replica.foundDamage, number: number)
        let leader = state.leader
        send(from: broker.id, to: leader.broker) { [self] target in
            // A connection goes to one run.
            guard target.startEpoch == leader.startEpoch else { return }
            try handle(fetch, at: target)
        }
        after(1_200, on: broker) { [self] in
            guard replica.fetchNumber == number, case .follower(var state) = replica.role else { return }
            state.failed(at: time(broker))
            replica.role = .follower(state)
            try ask(replica)
        }
    }

    private func claimedDurable(_ replica: SimulatedReplica) -> Offset {
        options.plant == .countsUnsynced ? replica.log.logEndOffset : replica.log.durableOffset
    }

    private func claimedIncarnation(_ replica: SimulatedReplica) -> Int32 {
        options.plant == .beginsAnewUnseen ? 0 : replica.incarnation
    }

    func reportDurable(_ replica: SimulatedReplica) {
        guard case .follower(let state) = replica.role else { return }
        let identity = replica.broker.identity
        let durable = replica.log.durableOffset
        let incarnation = claimedIncarnation(replica)
        send(from: identity.broker, to: state.leader.broker) { [self] leader in
            try reported(
                by: identity, incarnation, epoch: state.epoch, durable: durable, to: leader.replicas[replica.index])
        }
    }

    func answered(_ answer: SimulatedAnswer, _ replica: SimulatedReplica) throws {
        let broker = replica.broker
        guard answer.number == replica.fetchNumber, case .follower(var state) = replica.role else { return }
        let step = state.answered(answer.answer, leaderStart: answer.logStart, by: replica.log, at: time(broker))
        replica.role = .follower(state)
        switch step {
        case .nothing:
            if answer.answer == .nothing { noteLeader(answer, replica) }
            try again(replica)
        case .append:
            let sound = Array(answer.batches.prefix(answer.soundCount))
            let count = replica.log.appendAsFollower(sound, epoch: state.epoch)
            replica.foundDamage = count == sound.count && count < answer.batches.count
            for batch in answer.batches.prefix(count) {
                try checks[replica.index].appended(batch, by: replica, asLeader: false, self)
            }
            state.appended(wholly: count == answer.batches.count, at: time(broker))
            replica.role = .follower(state)
            noteLeader(answer, replica)
            sync(replica)
            try again(replica)
        case .truncate(let offset):
            try cut(replica, state) { [self] in
                counts[.truncations] += 1
                trace("\(broker.id) cuts \(replica.index) to \(offset), log \(replica.log.summary)")
                try checks[replica.index].truncates(replica, to: offset, self)
                replica.truncate(to: offset)
            }
        case .reset where replica.told.condition == .toBeCopied: copyAnew(replica, state)
        case .reset(let offset):
            try cut(replica, state) { [self] in
                counts[.resets] += 1
                trace("\(broker.id) starts \(replica.index) anew at \(offset), log \(replica.log.summary)")
                try checks[replica.index].truncates(replica, to: offset, self)
                replica.reset(to: offset)
            }
        }
    }

    /// Cuts take their time, and nothing else happens to the log meanwhile; but the role may change.
    private func cut(_ replica: SimulatedReplica, _ state: FollowerState, _ body: @escaping () throws -> Void) throws {
        let epoch = state.epoch
        after(roll(1...30), on: replica.broker) { [self] in
            guard case .follower(var state) = replica.role, state.epoch == epoch else { return }
            try body()
            state.finished(true, at: time(replica.broker))
            replica.role = .follower(state)
            try ask(replica)
        }
    }

    private func noteLeader(_ answer: SimulatedAnswer, _ replica: SimulatedReplica) {
        replica.log.setHighWatermark(
            FollowerState.highWatermark(answer.highWatermark, logEnd: replica.log.logEndOffset))
        replica.log.deleteRecords(before: min(answer.logStart, replica.log.logEndOffset))
    }

    private func again(_ replica: SimulatedReplica) throws {
        guard case .follower(let state) = replica.role else { return }
        guard let until = state.pausesUntil else { return try ask(replica) }
        let wait = (until - time(replica.broker)).milliseconds
        after(max(1, wait), on: replica.broker) { [self] in try ask(replica) }
    }
}
