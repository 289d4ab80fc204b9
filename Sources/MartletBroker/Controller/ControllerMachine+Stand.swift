internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

// What a broker does that is not the controller: sees to it that there is one.
extension ControllerMachine {
    mutating func stand() {
        guard candidacy == nil, isFit else { return }
        guard let controller = image.controller else { return stand(ifRevision: 0) }
        let run = PartitionLeader(controller.record)
        if watch.wasRefused(by: run, at: now) {
            // The process is gone: its record would stay as long as its session.
            stand(ifRevision: controller.revision)
        } else if isVotedOut(run, controller.revision) {
            actions.append(.note(.challenged(run)))
            challenge = nil
            stand(ifRevision: controller.revision)
        }
    }

    private mutating func stand(ifRevision revision: Revision) {
        var transaction = MetadataTransaction()
        let record = ControllerRecord(broker: me.broker, startEpoch: me.startEpoch)
        transaction.put(.controller(record), ifRevision: revision)
        // Nobody takes another's place who may have lost its own session meanwhile.
        if revision > 0, let session = image.sessions[me.broker] {
            transaction.expect(.session(me.broker), at: session.revision)
        }
        let id = makeTransaction()
        candidacy = (id, nil)
        actions.append(.commit(id, transaction))
    }

    /// This run has a session, is in service and stays.
    private var isFit: Bool {
        guard let standing = BrokerStanding(me.broker, in: image) else { return false }
        return standing.run == me && standing.isElectable && standing.reluctance != .stopping
    }

    // MARK: A silent controller

    /// Asks the others about a controller that answers this broker no longer; true: most say the same. No controller is
    /// replaced like this before it could have declared somebody dead (RULES 18): that bounds the rate.
    private mutating func isVotedOut(_ run: PartitionLeader, _ revision: Revision) -> Bool {
        guard let since = watch.greetings.silentSince(run, at: now), now - since >= settings.controllerSilence,
            now - controllerSeenAt >= settings.sessionTimeout
        else {
            challenge = nil
            return false
        }
        if challenge == nil || challenge.map({ now - $0.askedAt >= settings.reachAge }) == true {
            ask(about: run.broker, revision)
        }
        return challenge?.isCarried == true
    }

    private mutating func ask(about controller: BrokerID, _ revision: Revision) {
        var electorate: Set<BrokerID> = [me.broker, controller]
        for (id, broker) in image.brokers where !broker.isFenced { electorate.insert(id) }
        let challenge = Challenge(
            of: controller, revision: revision, by: me.broker, electorate: electorate, at: now)
        for voter in challenge.voters {
            guard let record = image.brokers[voter]?.record else { continue }
            actions.append(.askReach(of: record, to: image.brokers.keys.sorted().filter { $0 != voter }))
        }
        self.challenge = challenge
    }

    // MARK: Greetings

    /// Greets the controller, or as the controller everybody, and who has fallen silent until it answers, is out of
    /// service, or has started anew: its silence counts when this broker has become the controller, too.
    mutating func greet() {
        var runs: Set<PartitionLeader> = []
        for run in watch.greetings.silent {
            guard let broker = image.brokers[run.broker], !broker.isFenced, broker.startEpoch == run.startEpoch else {
                continue
            }
            runs.insert(run)
        }
        if let controller = image.controller, controller.broker != me.broker,
            image.brokers[controller.broker]?.startEpoch == controller.startEpoch
        {
            runs.insert(PartitionLeader(controller.record))
        }
        if isController {
            for (id, broker) in image.brokers where id != me.broker && !broker.isFenced {
                runs.insert(PartitionLeader(broker.record))
            }
        }
        watch.greetings.watch(runs, at: now)
        for run in watch.greetings.due(at: now) {
            guard let record = image.brokers[run.broker]?.record else { continue }
            actions.append(.greet(record))
        }
    }

    mutating func takeGreeting(_ run: PartitionLeader, _ result: DialResult) {
        watch.greetings.greeted(run, isAnswered: result == .accepted, at: now)
        // As good as a connection that broke (RULES 21).
        if result == .refused { takeReport(run) }
    }
}
