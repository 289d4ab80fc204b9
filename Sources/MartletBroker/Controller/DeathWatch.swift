internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// Which runs of brokers are suspected to be dead, and when that is certain enough. A wrong guess costs a move of
/// leadership, never data.
struct DeathWatch {
    private struct Suspicion {
        let run: PartitionLeader
        var lostSessionAt: ControllerTime?
        /// Longer than for one broker alone, after many sessions ended at once.
        var waitUntil: ControllerTime = .min
        var dial: (result: DialResult, at: ControllerTime)?
    }

    private let me: BrokerID
    private let settings: ControllerSettings
    /// What this broker saw of others before it was the controller, too.
    var greetings: Greetings
    private var suspicions: [BrokerID: Suspicion] = [:]
    /// Whose dial is on its way.
    private var dialling: Set<PartitionLeader> = []
    /// RULES 18: before it no session's end says anything.
    private(set) var quietUntil: ControllerTime = .min

    init(me: BrokerID, settings: ControllerSettings) {
        self.me = me
        self.settings = settings
        greetings = Greetings(settings: settings)
    }

    /// From now on sessions are watched: what went before may be the watcher's own absence.
    mutating func begin(at now: ControllerTime) {
        quietUntil = now + settings.sessionTimeout
        for (id, suspicion) in suspicions where suspicion.lostSessionAt != nil { suspicions[id]?.lostSessionAt = now }
    }

    /// Takes up how a broker stands in `image`. True: it is to be dialled.
    mutating func follow(_ id: BrokerID, in image: ClusterImage, at now: ControllerTime) -> Bool {
        guard id != me, let record = image.brokers[id]?.record, !record.isFenced else {
            suspicions[id] = nil
            return false
        }
        let run = PartitionLeader(broker: id, startEpoch: record.startEpoch)
        if let known = suspicions[id], known.run != run { suspicions[id] = nil }
        if image.sessions[id]?.startEpoch == run.startEpoch {
            suspicions[id]?.lostSessionAt = nil
            if suspicions[id]?.dial?.result != .refused, !dialling.contains(run) { suspicions[id] = nil }
            return false
        }
        guard suspicions[id]?.lostSessionAt == nil else { return false }
        suspicions[id, default: Suspicion(run: run)].lostSessionAt = now
        if isMassExpiry(image) {
            for (id, suspicion) in suspicions where suspicion.lostSessionAt != nil {
                suspicions[id]?.waitUntil = now + settings.sessionTimeout
            }
        }
        return dialling.insert(run).inserted
    }

    /// A peer thinks that this run is dead. True: it is to be dialled.
    mutating func report(_ run: PartitionLeader, in image: ClusterImage) -> Bool {
        guard run.broker != me, let record = image.brokers[run.broker]?.record, record.startEpoch == run.startEpoch,
            !record.isFenced
        else { return false }
        if suspicions[run.broker] == nil { suspicions[run.broker] = Suspicion(run: run) }
        return dialling.insert(run).inserted
    }

    mutating func dialled(_ run: PartitionLeader, _ result: DialResult, at now: ControllerTime) {
        dialling.remove(run)
        guard let suspicion = suspicions[run.broker], suspicion.run == run else { return }
        suspicions[run.broker]?.dial = (result, now)
        // It has a session, and is not certainly gone.
        if suspicion.lostSessionAt == nil, result != .refused { suspicions[run.broker] = nil }
    }

    /// Lately: a process that was gone an hour ago may be there again.
    func wasRefused(by run: PartitionLeader, at now: ControllerTime) -> Bool {
        suspicions[run.broker].map { $0.run == run && wasRefused($0, now) } ?? false
    }

    private func wasRefused(_ suspicion: Suspicion, _ now: ControllerTime) -> Bool {
        suspicion.dial.map { $0.result == .refused && now - $0.at < settings.sessionTimeout } ?? false
    }

    // MARK: Verdicts

    /// Who is dead, and why; sorted by broker.
    func verdicts(_ image: ClusterImage, at now: ControllerTime) -> [(run: PartitionLeader, reason: String)] {
        suspicions.keys.sorted().compactMap { id in
            guard let suspicion = suspicions[id], let due = due(suspicion, image, now), due.at <= now else {
                return nil
            }
            return (suspicion.run, due.reason)
        }
    }

    /// When the next verdict falls that is not one of `known`.
    func nextVerdict(_ image: ClusterImage, at now: ControllerTime, after known: some Collection<BrokerID>)
        -> ControllerTime?
    {
        suspicions.values.compactMap { suspicion in
            known.contains(suspicion.run.broker) ? nil : due(suspicion, image, now)?.at
        }.min()
    }

    private func due(
        _ suspicion: Suspicion, _ image: ClusterImage, _ now: ControllerTime
    ) -> (at: ControllerTime, reason: String)? {
        if let dial = suspicion.dial, wasRefused(suspicion, now) {
            return (dial.at, "nothing listens at its address any more")
        }
        guard let lost = suspicion.lostSessionAt else { return nil }
        if image.brokers[suspicion.run.broker]?.isStopping == true { return (lost, "it has stopped") }
        let grace = suspicion.dial?.result == .accepted ? settings.answeringGrace : settings.silentGrace
        return (max(lost + grace, quietEnd(for: suspicion.run, now), suspicion.waitUntil), "its session has ended")
    }

    /// Until when the end of this run's session says nothing. The quiet time gives brokers the time to open another one
    /// after trouble of the store; who has answered no greeting of this process for as long is not in such trouble.
    private func quietEnd(for run: PartitionLeader, _ now: ControllerTime) -> ControllerTime {
        guard let since = greetings.silentSince(run, at: now) else { return quietUntil }
        return min(quietUntil, since + settings.sessionTimeout)
    }

    /// So many sessions gone at once speak of the store rather than of the brokers: they get the time to come back.
    private func isMassExpiry(_ image: ClusterImage) -> Bool {
        let lost = suspicions.values.filter {
            $0.lostSessionAt != nil && image.brokers[$0.run.broker]?.isStopping == false
        }.count
        return lost >= 2 && lost * 2 >= image.brokers.values.filter { !$0.isFenced }.count
    }
}
