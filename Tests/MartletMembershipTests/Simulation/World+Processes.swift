import MartletCore
import SimulationKit
import TestSeeds

@testable import Martlet
@testable import MartletBroker

/// What the shell around a membership does, and the application that uses it.
extension World {
    // MARK: The shell

    /// An event for a process's membership, then what follows from it.
    mutating func tell(_ index: Int, _ event: (inout GroupMembership, MonotonicTime) throws -> Void) throws {
        guard processes[index].isAlive, processes[index].pausedUntil <= now else { return }
        plantSession(index)
        try event(&processes[index].machine, time)
        let work = processes[index].machine.drain(now: time)
        if work.findsCoordinator { schedule(.findCoordinator(process: index), in: 2) }
        if let call = work.heartbeat { ask(.heartbeat(planted(call, index)), index, call.timeout) }
        for call in work.questions { ask(.question(call), index, .milliseconds(2_000)) }
        for call in work.goodbyes { ask(.goodbye(call), index, .milliseconds(2_000)) }
        if let call = work.commit {
            try check(call, index)
            ask(.commit(planted(call, index)), index, .milliseconds(2_000))
        }
        for notice in work.notices { note(notice) }
        if work.wakesApplication { schedule(.poll(process: index), in: 0) }
        if let wakeAt = work.wakeAt {
            let due = (wakeAt.nanoseconds + 999_999) / 1_000_000
            if due < processes[index].wakeAt {
                processes[index].wakeAt = due
                schedule(.wake(process: index), in: due - now)
            }
        }
    }

    private mutating func ask(_ request: Request, _ index: Int, _ timeout: Duration) {
        processes[index].waiting.insert(request.id)
        send(.arrive(request, process: index, term: processes[index].term), mayRepeat: true)
        schedule(.noAnswer(request, process: index), in: timeout.milliseconds)
    }

    private mutating func note(_ notice: GroupNotice) {
        switch notice {
        case .joined: counts[.joins] += 1
        case .lost(_, let partitions): counts[.losses] += partitions.isEmpty ? 0 : 1
        case .stuck: counts[.stuck] += 1
        case .committed, .commitFailed, .heartbeatFailed: break
        }
    }

    /// Nothing goes out for a partition that was let go of.
    private func check(_ call: CommitCall, _ index: Int) throws {
        let machine = processes[index].machine
        guard call.memberID == machine.memberID else { throw violation("a commit of a membership that is over") }
        for item in call.items where machine.held[item.partition] == nil {
            throw violation("member \(call.memberID) commits \(item.partition), which it has let go of")
        }
    }

    mutating func findCoordinator(_ index: Int) throws {
        guard group != nil, !isCutOff(index), !(isChaos && random.chance(10)) else {
            let error = MartletError(.unreachable, "nobody there")
            return try tell(index) { $0.coordinatorNotFound(error, now: $1) }
        }
        processes[index].term = term
        try tell(index) { machine, _ in machine.foundCoordinator() }
    }

    mutating func takeSilence(_ request: Request, _ index: Int) throws {
        guard processes[index].waiting.remove(request.id) != nil else { return }
        let failure = GroupCallFailure(unanswered: MartletError(.timedOut, "no answer"))
        try take(failure, of: request, index)
    }

    private mutating func take(_ failure: GroupCallFailure, of request: Request, _ index: Int) throws {
        let term = processes[index].machine.term
        try tell(index) { machine, now in
            switch request {
            case .heartbeat(let call): machine.heartbeatFailed(call.id, failure, now: now)
            case .commit(let call): machine.commitFailed(call.id, term: term, failure, now: now)
            case .question(let call): machine.committedNotTold(call.id, term: term, failure, now: now)
            case .goodbye(let call): machine.goodbyeFailed(call.id, term: term, failure, now: now)
            }
        }
        if case .refused(_, isFinal: true) = processes[index].machine.phase { processes[index].isRetired = true }
    }

    mutating func take(_ answer: GroupAnswer, to request: Request, _ index: Int) throws {
        guard processes[index].waiting.remove(request.id) != nil else { return }
        switch (answer, request) {
        case (.failure(let error), _):
            let failure = GroupCallFailure(refused: MartletError(.refused(error.code), error.message))
            try take(failure, of: request, index)
        case (.heartbeat(let answer), .heartbeat(let call)):
            var news = HeartbeatNews(
                epoch: answer.memberEpoch, version: answer.assignmentVersion, assignment: answer.assignment,
                sessionTimeout: .milliseconds(answer.sessionTimeout),
                heartbeatInterval: .milliseconds(answer.heartbeatInterval))
            for (name, topic) in catalog { news.names[topic.id] = name }
            try tell(index) { $0.heartbeatAnswered(call.id, news, now: $1) }
            if options.plant == .countsSessionFromTheAnswer { processes[index].machine.provenAt = time }
        case (.commit(let refusals), .commit(let call)):
            counts[.refusedCommits] += refusals.count { $0 != nil }
            counts[.commits] += refusals.count { $0 == nil }
            let answers = refusals.map { $0.map { MartletError(.refused($0.code), $0.message) } }
            try tell(index) { machine, _ in machine.commitAnswered(call.id, answers) }
        case (.offsets(let offsets), .question(let call)):
            var found: [TopicIDPartition: CommittedPosition] = [:]
            for each in offsets {
                guard let offset = each.committed else { continue }
                found[each.partition] = CommittedPosition(offset: offset.offset, leaderEpoch: offset.leaderEpoch)
            }
            try tell(index) { machine, _ in machine.toldCommitted(call.id, found) }
        case (_, .goodbye(let call)):
            try tell(index) { machine, _ in machine.goodbyeAnswered(call.id) }
        default:
            throw violation("\(request) is answered with \(answer)")
        }
    }

    // MARK: The application

    /// Attends to the group, then reads a little of everything.
    mutating func poll(_ index: Int) throws {
        guard processes[index].isAlive, !processes[index].isRetired else { return }
        let rest = max(processes[index].pausedUntil, processes[index].stuckUntil) - now
        guard rest <= 0 else { return schedule(.poll(process: index), in: rest) }
        plantSession(index)
        while let task = processes[index].machine.poll(now: time) {
            try attend(to: task, index)
            if case .fail = task { break }
        }
        for (partition, position) in processes[index].positions.sorted(by: { $0.key < $1.key }) {
            try deliver(partition, from: position, index)
        }
        try tell(index) { machine, now in _ = machine.beginWaiting(.forRecords, now: now) }
    }

    private mutating func attend(to task: PollTask, _ index: Int) throws {
        let positions = processes[index].positions.mapValues { CommittedPosition(offset: $0, leaderEpoch: -1) }
        switch task {
        case .lost(let partitions):
            try stop(partitions, index)
        case .revoke(let partitions):
            if options.plant == .neverLetsGo { return try stop(partitions, index) }
            for partition in partitions {
                guard let id = processes[index].id(of: partition) else { continue }
                processes[index].leftBehind[id] = processes[index].positions[partition]
            }
            if options.plant != .readsOnAfterRevocation { try stop(partitions, index) }
            let isSilent = options.plant == .commitsForOthers
            processes[index].machine.letGo(
                partitions, committing: isSilent ? [:] : positions, deadline: time + .milliseconds(3_000))
        case .assign(let begins):
            for (partition, begin) in begins { try self.begin(partition, begin, index) }
        case .commit:
            processes[index].machine.commitPositions(positions, waiter: nil, deadline: time + .milliseconds(5_000))
        case .fail(let error):
            if error.code != .refused(.fencedInstanceID) { throw violation("the application is told: \(error)") }
        }
    }

    private mutating func stop(_ partitions: Set<TopicPartition>, _ index: Int) throws {
        for partition in partitions where processes[index].positions.removeValue(forKey: partition) == nil {
            throw violation("process \(index) loses \(partition), which it did not have")
        }
    }

    private mutating func begin(_ partition: TopicPartition, _ begin: PartitionBegin, _ index: Int) throws {
        guard processes[index].positions[partition] == nil else {
            throw violation("process \(index) is given \(partition), which it has")
        }
        let id = TopicIDPartition(topicID: begin.topicID, partition: partition.partition)
        var offset = begin.committed?.offset ?? 0
        if options.plant == .remembersWhereItBegan { offset = processes[index].begun[id] ?? offset }
        processes[index].begun[id] = offset
        processes[index].positions[partition] = offset
        counts[.moves] += 1
    }

    private mutating func deliver(_ partition: TopicPartition, from position: Offset, _ index: Int) throws {
        guard let id = processes[index].id(of: partition) else {
            throw violation("process \(index) reads \(partition), which it does not hold")
        }
        for other in processes where other.index != index && other.wouldDeliver(id, at: time) {
            // A second process with an instance id is let in while the first has yet to hear so: the partition is its
            // own, or that of whoever got it from there, at a higher epoch.
            let epochs = (processes[index].machine.epoch, other.machine.epoch)
            if epochs.0 != epochs.1, isSucceeded(processes[index]) || isSucceeded(other) { continue }
            throw violation("\(id) is read by process \(index) and by process \(other.index), at epochs \(epochs)")
        }
        let behind = position + Offset.random(in: 0...3, using: &random)
        if position > delivered[id] ?? 0 { throw violation("\(id) is read from \(position): records were left out") }
        delivered[id] = max(delivered[id] ?? 0, behind)
        processes[index].positions[partition] = behind
        counts[.deliveries] += 1
    }

    /// Another process has come with its instance id.
    private func isSucceeded(_ process: SimulatedProcess) -> Bool {
        guard let instance = process.instanceID else { return false }
        return processes.contains { $0.index > process.index && $0.instanceID == instance }
    }

    // MARK: Plants

    private mutating func plantSession(_ index: Int) {
        if options.plant == .neverDoubtsItsSession, processes[index].machine.isMember {
            processes[index].machine.provenAt = time
        }
    }

    private mutating func planted(_ call: HeartbeatCall, _ index: Int) -> HeartbeatCall {
        var call = call
        switch options.plant {
        case .letsGoBeforeTheApplication: call.owned = call.owned?.intersection(processes[index].machine.assigned)
        case .tellsWhatItOwnsOnce where call.epoch > 0: call.owned = nil
        default: break
        }
        return call
    }

    private func planted(_ call: CommitCall, _ index: Int) -> CommitCall {
        guard options.plant == .commitsForOthers else { return call }
        var call = call
        for (partition, offset) in processes[index].leftBehind {
            guard let owner = group?.owners[partition], let epoch = group?.members[owner]?.assignment.epoch else {
                continue
            }
            // As if the coordinator took it.
            call.memberID = owner
            call.epoch = epoch
            call.sequence += 1_000
            call.items = [(partition, OffsetToCommit(offset))]
        }
        return call
    }
}
