import MartletCore
import SimulationKit
import TestSeeds

@testable import Martlet
@testable import MartletBroker

/// The coordinator: the broker's state machine, its log, and what its shell does.
extension World {
    mutating func startCoordinator() throws {
        term += 1
        var group = Group(name: "simulated")
        for record in log { group.restore(record) }
        durableLength = log.count
        lengths = [:]
        tokens = [:]
        coordinatorWakeAt = .max
        let actions = group.finishRestoring(in: context)
        self.group = group
        try perform(actions)
    }

    /// What was not durable is lost, from some point on; answers on their way are lost with the connection.
    mutating func crash() {
        guard group != nil else { return }
        counts[.crashes] += 1
        group = nil
        term += 1
        let ends = [durableLength] + lengths.values.filter { $0 > durableLength }
        log.removeLast(log.count - (ends.randomElement(using: &random) ?? durableLength))
        for (request, process) in tokens.values { schedule(.noAnswer(request, process: process), in: 5) }
        tokens = [:]
        // Offsets that were taken and are not in the log any more were not answered for.
        committed = [:]
        for record in log {
            if case (.offset(_, let partition), .offset(let offset)?) = (record.key, record.value) {
                committed[partition] = offset.offset
            }
        }
        schedule(.restartCoordinator, in: Int64.random(in: 10...1_500, using: &random))
    }

    mutating func arrive(_ request: Request, from index: Int) throws {
        nextToken += 1
        let token = nextToken
        tokens[token] = (request, index)
        let instance = processes[index].instanceID
        switch request {
        case .heartbeat(let call):
            let subscription = call.subscription.map {
                MartletBroker.GroupSubscription(topics: $0.topics, pattern: $0.pattern)
            }
            try tellGroup(
                .heartbeat(
                    GroupHeartbeat(
                        memberID: call.memberID, memberEpoch: call.epoch, assignmentVersion: call.version,
                        owned: call.owned, subscription: subscription, instanceID: instance,
                        rebalanceTimeout: processes[index].machine.settings.rebalanceTimeout.milliseconds,
                        maxWait: call.maxWait.milliseconds), token))
        case .commit(let call):
            try tellGroup(
                .commit(
                    OffsetCommit(
                        sender: OffsetCommit.Sender(
                            memberID: call.memberID, memberEpoch: call.epoch, instanceID: instance,
                            sequence: call.sequence),
                        items: call.items.map {
                            OffsetCommit.Item(
                                partition: $0.partition, offset: $0.offset.offset, leaderEpoch: $0.offset.leaderEpoch)
                        }), token))
        case .question(let call): try tellGroup(.fetchOffsets(call.partitions, token))
        case .goodbye(let call):
            let leave = GroupLeave(memberID: call.memberID, instanceID: instance, isForAWhile: call.isForAWhile)
            try tellGroup(.leave(leave, token))
        }
    }

    mutating func tellGroup(_ event: GroupEvent) throws {
        guard group != nil else { return }
        let context = context
        try perform(group?.handle(event, in: context) ?? [])
    }

    private mutating func perform(_ actions: [GroupAction]) throws {
        for action in actions {
            switch action {
            case .append(let records, let position):
                for record in records { try noteCommitted(record) }
                log += records
                lengths[position] = log.count
                let slowest: Int64 = isChaos && random.chance(20) ? 400 : 10
                schedule(.durable(position: position, term: term), in: Int64.random(in: 1...slowest, using: &random))
            case .answer(let token, let answer):
                guard let (request, process) = tokens.removeValue(forKey: token) else { continue }
                send(.answer(answer, request, process: process))
            }
        }
        if let next = group?.nextDeadline, next < coordinatorWakeAt {
            coordinatorWakeAt = next
            schedule(.coordinatorWake(term: term), in: next - now)
        }
    }

    /// Positions only ever go on: nobody resets them here.
    private mutating func noteCommitted(_ record: GroupRecord) throws {
        guard case .offset(_, let partition) = record.key else { return }
        guard case .offset(let offset)? = record.value else {
            committed[partition] = nil
            return
        }
        let former = committed[partition] ?? 0
        if offset.offset < former {
            throw violation("\(partition) is committed at \(offset.offset), after \(former)")
        }
        if offset.offset > delivered[partition] ?? 0 {
            throw violation(
                "\(partition) is committed at \(offset.offset), delivered is up to \(delivered[partition] ?? 0)")
        }
        committed[partition] = offset.offset
    }
}

extension Duration {
    var milliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}
