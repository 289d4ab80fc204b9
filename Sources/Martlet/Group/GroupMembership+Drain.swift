internal import MartletCore

extension GroupMembership {
    /// What is to be sent, told and waited for. To be called after every event, on the loop.
    mutating func drain(now: MonotonicTime) -> GroupWork {
        isDrainWanted = false
        passTime(now: now)
        finishLeaving()
        finishDeparture(now: now)
        var work = GroupWork()
        if isWanted, retryAt.map({ $0 <= now }) ?? true {
            if place == .known {
                send(now: now, into: &work)
            } else if place == .unknown {
                place = .sought
                work.findsCoordinator = true
            }
        }
        work.outcomes = commits.takeOutcomes()
        work.notices = notices + commits.takeNotices()
        notices = []
        work.departed = departed
        departed = []
        work.wakesApplication = waits != .not && hasTask(now: now)
        work.wakeAt = nextMoment(after: now)
        return work
    }

    /// Something is to be sent to the coordinator, now or soon.
    private var isWanted: Bool { isActive || !goodbyes.isEmpty }

    private mutating func send(now: MonotonicTime, into work: inout GroupWork) {
        for index in goodbyes.indices where !goodbyes[index].isSent {
            goodbyes[index].isSent = true
            work.goodbyes.append(goodbyes[index].call)
        }
        guard isActive else { return }
        if isHeartbeatDue(now: now) { work.heartbeat = heartbeat(now: now) }
        guard isMember else { return }
        work.commit = takeCommit()
        let unknown = assigned.filter { held[$0] == nil && begins[$0] == nil && asked[$0] == nil }
        if !unknown.isEmpty {
            let call = CommittedCall(id: newCall(), partitions: unknown.sorted())
            for partition in unknown { asked[partition] = call.id }
            work.questions.append(call)
        }
    }

    private mutating func takeCommit() -> CommitCall? {
        let id = newCall()
        return commits.takeDue(memberID: memberID, epoch: epoch) { id }
    }

    // MARK: Heartbeats

    /// The coordinator does not know what it is to know.
    var hasChanged: Bool {
        told != Told(version: version, owned: Set(held.keys), subscription: subscription)
    }

    private func isHeartbeatDue(now: MonotonicTime) -> Bool {
        guard let latest = latestHeartbeat.flatMap({ openHeartbeats[$0] }) else {
            return heartbeatNotBefore.map { $0 <= now } ?? true || hasChanged
        }
        // What was let go of others wait for, and a subscription is not to wait for the next turn either. A join that
        // is under way is not overtaken.
        guard epoch > 0 else { return false }
        return !latest.owned.isSubset(of: held.keys) || latest.subscription != subscription
    }

    private mutating func heartbeat(now: MonotonicTime) -> HeartbeatCall {
        let owned = Set(held.keys)
        let isTold = told == Told(version: version, owned: owned, subscription: subscription) && epoch > 0
        let call = HeartbeatCall(
            id: newCall(), memberID: memberID, epoch: epoch, version: version, owned: isTold ? nil : owned,
            subscription: isTold ? nil : subscription, maxWait: heartbeatInterval,
            timeout: epoch == 0 ? requestTimeout : heartbeatInterval + max(sessionTimeout * 0.25, .milliseconds(250)))
        openHeartbeats[call.id] = OpenHeartbeat(
            sentAt: now, version: version, owned: owned, subscription: subscription, maxWait: call.maxWait, term: term)
        latestHeartbeat = call.id
        return call
    }

    // MARK: Letting go

    /// What waited for its last commit is let go of once that is kept or given up.
    private mutating func finishLeaving() {
        for (id, partition) in held where partition.stage == .leaving && !commits.contains(id) { held[id] = nil }
    }

    private mutating func finishDeparture(now: MonotonicTime) {
        guard let departing = departure, commits.isIdle || !isMember || departing.deadline <= now else { return }
        departure = nil
        sayGoodbye(isForAWhile: departing.isForAWhile, until: departing.deadline, waiter: departing.waiter)
        become(.outside)
        commits.fail(MartletError(.closed, "the consumer was closed"))
        _ = forget(tellingLost: false)
    }

    // MARK: Time

    /// Moments that have passed need no timer: what is due and was not done waits for an event.
    private func nextMoment(after now: MonotonicTime) -> MonotonicTime? {
        var next: MonotonicTime?
        func consider(_ moment: MonotonicTime?) {
            guard let moment, moment > now else { return }
            next = next.map { min($0, moment) } ?? moment
        }
        if isWanted { consider(retryAt) }
        if isActive {
            consider(heartbeatNotBefore)
            consider(sessionEnd)
            consider(commitDueAt)
            if waits != .forRecords { consider(lastPoll + settings.maxPollInterval) }
            consider(departure?.deadline)
        }
        consider(commits.deadline)
        for goodbye in goodbyes { consider(goodbye.until) }
        return next
    }
}
