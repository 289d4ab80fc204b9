internal import MartletCore

/// What the coordinator says, or does not say.
extension GroupMembership {
    // MARK: The coordinator

    mutating func foundCoordinator() {
        place = .known
        term += 1
    }

    mutating func coordinatorNotFound(_ error: MartletError, now: MonotonicTime) {
        place = .unknown
        guard error.isRetriable else { return refuse(error, isFinal: false) }
        noteFailure(error, now: now)
    }

    private mutating func noteFailure(_ error: MartletError, now: MonotonicTime) {
        failures += 1
        retryAt = now + backoff.delay(afterFailures: failures, using: &random)
        notices.append(.heartbeatFailed(error))
    }

    private mutating func noteFailure(_ failure: GroupCallFailure, of callTerm: UInt64, now: MonotonicTime) {
        if failure.isAboutPlace, callTerm == term { place = .unknown }
        noteFailure(failure.error, now: now)
    }

    private mutating func noteSuccess() {
        failures = 0
        retryAt = nil
    }

    // MARK: Heartbeats

    mutating func heartbeatAnswered(_ call: UInt64, _ news: HeartbeatNews, now: MonotonicTime) {
        guard let open = openHeartbeats.removeValue(forKey: call) else { return }
        if latestHeartbeat == call { latestHeartbeat = nil }
        noteSuccess()
        provenAt = max(provenAt, open.sentAt)
        sessionTimeout = news.sessionTimeout
        heartbeatInterval = news.heartbeatInterval
        if told.map({ $0.version <= open.version }) ?? true {
            told = Told(version: open.version, owned: open.owned, subscription: open.subscription)
        }
        // An answer that is late says what was.
        guard news.version >= version else { return }
        let isNews = news.version > version || epoch != news.epoch
        if epoch == 0 { joined(news, now: now) }
        epoch = news.epoch
        if news.version > version, let assignment = news.assignment {
            version = news.version
            take(assignment, names: news.names)
        }
        // Whoever answers at once without news is not asked again at once.
        let isEarly = now < open.sentAt + open.maxWait * 0.5
        heartbeatNotBefore = isEarly && !isNews && !hasChanged ? open.sentAt + heartbeatInterval : nil
    }

    private mutating func joined(_ news: HeartbeatNews, now: MonotonicTime) {
        become(.member)
        notices.append(.joined(memberID: memberID, epoch: news.epoch))
        if case .automatic(let interval) = settings.commits { commitDueAt = now + interval }
    }

    private mutating func take(_ assignment: Set<TopicIDPartition>, names: [TopicID: String]) {
        assigned = assignment
        for (id, name) in names where !name.isEmpty { self.names[id] = name }
        let used = Set(assignment.map(\.topicID))
        self.names = self.names.filter { used.contains($0.key) }
        // What was asked before a partition went and came back is old: another may have committed meanwhile.
        begins = begins.filter { assignment.contains($0.key) }
        asked = asked.filter { assignment.contains($0.key) }
    }

    mutating func heartbeatFailed(_ call: UInt64, _ failure: GroupCallFailure, now: MonotonicTime) {
        guard let open = openHeartbeats.removeValue(forKey: call) else { return }
        let isLatest = latestHeartbeat == call
        if isLatest { latestHeartbeat = nil }
        switch failure.code {
        case .heartbeatSuperseded?:
            return
        case .unknownMemberID?:
            lose(failure.error, then: .joining)
        case .fencedMemberEpoch?:
            giveBack(now: now)
            lose(failure.error, then: .joining)
        case .fencedInstanceID?:
            refuse(.instanceTaken(settings, failure.error), isFinal: true)
        default:
            guard failure.error.isRetriable else { return refuse(failure.error, isFinal: false) }
            // Whether it arrived is not known, nor what the coordinator that comes next knows.
            told = nil
            noteFailure(failure, of: open.term, now: now)
        }
    }

    /// The application is told; what it does about it shows.
    private mutating func refuse(_ error: MartletError, isFinal: Bool) {
        guard isActive else { return }
        lose(error, then: .refused(error, isFinal: isFinal))
    }

    // MARK: Where to begin

    mutating func toldCommitted(
        _ call: UInt64, _ found: [TopicIDPartition: CommittedPosition]
    ) {
        noteSuccess()
        for (partition, asking) in asked where asking == call {
            asked[partition] = nil
            begins[partition] = .some(found[partition])
        }
    }

    mutating func committedNotTold(_ call: UInt64, term: UInt64, _ failure: GroupCallFailure, now: MonotonicTime) {
        asked = asked.filter { $0.value != call }
        guard failure.error.isRetriable else { return refuse(failure.error, isFinal: false) }
        noteFailure(failure, of: term, now: now)
    }

    // MARK: Commits

    mutating func commitAnswered(_ call: UInt64, _ answers: [MartletError?]) {
        noteSuccess()
        let held = held
        commits.answered(call, answers) { held[$0]?.topicPartition }
    }

    mutating func commitFailed(_ call: UInt64, term: UInt64, _ failure: GroupCallFailure, now: MonotonicTime) {
        guard commits.isOpen(call) else { return }
        switch failure.code {
        case .unknownMemberID?:
            lose(failure.error, then: .joining)
        case .fencedMemberEpoch?:
            giveBack(now: now)
            lose(failure.error, then: .joining)
        case .fencedInstanceID?:
            refuse(.instanceTaken(settings, failure.error), isFinal: true)
        default:
            guard failure.error.isRetriable else { return commits.refused(call, failure.error) }
            commits.sendAgain(call)
            noteFailure(failure, of: term, now: now)
        }
    }

    // MARK: Goodbyes

    mutating func goodbyeAnswered(_ call: UInt64) {
        noteSuccess()
        endGoodbye { $0.call.id == call }
    }

    mutating func goodbyeFailed(_ call: UInt64, term: UInt64, _ failure: GroupCallFailure, now: MonotonicTime) {
        guard failure.error.isRetriable else { return goodbyeAnswered(call) }
        for index in goodbyes.indices where goodbyes[index].call.id == call { goodbyes[index].isSent = false }
        noteFailure(failure, of: term, now: now)
    }

    mutating func endGoodbye(where isOver: (Goodbye) -> Bool) {
        departed += goodbyes.filter(isOver).compactMap(\.waiter)
        goodbyes.removeAll(where: isOver)
    }

    // MARK: Time

    /// What is over by now.
    mutating func passTime(now: MonotonicTime) {
        if let end = sessionEnd, now >= end {
            giveBack(now: now)
            lose(.sessionOver(settings.name, sessionTimeout), then: .joining)
        }
        if isActive, waits != .forRecords, departure == nil, now >= lastPoll + settings.maxPollInterval {
            leaveStuck(now: now)
        }
        commits.expire(now: now, .commitTimedOut(settings.name))
        endGoodbye { $0.until <= now }
    }

    /// The coordinator may count the member still, and one that comes after a silence counts it for a whole session more.
    /// All that time nobody would get its partitions, the same process under its next id included: it is told that they are
    /// not read any more. The next process of an instance takes the former one's place at once.
    private mutating func giveBack(now: MonotonicTime) {
        guard settings.instanceID == nil else { return }
        let until = departure?.deadline ?? now + settings.rebalanceTimeout
        sayGoodbye(isForAWhile: false, until: until, waiter: nil)
    }

    /// Its partitions go to others. It joins again when the application polls.
    private mutating func leaveStuck(now: MonotonicTime) {
        sayGoodbye(isForAWhile: false, until: now + settings.closeTimeout, waiter: nil)
        become(.away)
        commits.fail(.membershipLost(settings.name, because: .polledTooSeldom(settings)))
        notices.append(.stuck(settings.maxPollInterval, partitions: forget(tellingLost: true)))
    }
}

extension MartletError {
    static func sessionOver(_ group: String, _ timeout: Duration) -> MartletError {
        MartletError(
            .membershipLost,
            "the coordinator of group \(group) has not answered for the session timeout of \(timeout.text): it may have "
                + "given this member's partitions to others. Check the brokers and the network between")
    }

    static func polledTooSeldom(_ group: ConsumerGroup) -> MartletError {
        MartletError(
            .membershipLost,
            "the application did not ask for records for \(group.maxPollInterval.text) (maxPollInterval): the consumer "
                + "left group \(group.name), and joins again with the next call. Raise maxPollInterval, do less between "
                + "two calls, or hand records to workers with process(concurrency:)")
    }

    static func commitTimedOut(_ group: String) -> MartletError {
        MartletError(
            .timedOut,
            "the coordinator of group \(group) did not confirm the commit in time; whether it was kept is not known")
    }

    static func instanceTaken(_ group: ConsumerGroup, _ error: MartletError) -> MartletError {
        MartletError(
            .refused(.fencedInstanceID),
            "another process has joined group \(group.name) as instance \(group.instanceID ?? ""): this one is out. Give "
                + "each process an instance id of its own",
            broker: error.broker)
    }
}
