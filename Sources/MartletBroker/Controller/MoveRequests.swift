internal import MartletCore
internal import MartletMetadata

/// Requests of leaders that cannot reach enough replicas to give their partitions to somebody who can (RULES 20), those
/// made for leaders that cannot ask either, and what is known of who can.
struct MoveRequests {
    private struct Request {
        var leader: PartitionLeader
        var epoch: LeaderEpoch
        var at: ControllerTime
        /// The leader has not asked itself: it is silent.
        var isForSilent: Bool
    }

    private struct BackOff {
        var until: ControllerTime
        var length: ControllerTime
    }

    private var open: [TopicIDPartition: Request] = [:]
    private var reach: [BrokerID: (brokers: Set<BrokerID>, at: ControllerTime)] = [:]
    private var asking: Set<BrokerID> = []
    private var backOffs: [TopicIDPartition: BackOff] = [:]

    /// A partition that was moved lately stays where it is, and does not go back to its preferred leader either.
    func isHeld(_ id: TopicIDPartition, at now: ControllerTime) -> Bool {
        backOffs[id].map { now < $0.until } ?? false
    }

    mutating func add(
        _ id: TopicIDPartition, leader: PartitionLeader, epoch: LeaderEpoch, isForSilent: Bool = false,
        at now: ControllerTime
    ) {
        guard !isHeld(id, at: now) else { return }
        // What a leader asked itself stands.
        if isForSilent, let own = open[id], !own.isForSilent, own.leader == leader, own.epoch == epoch { return }
        open[id] = Request(leader: leader, epoch: epoch, at: now, isForSilent: isForSilent)
    }

    var partitions: [TopicIDPartition] { open.keys.sorted() }

    /// Whether the request is still about the partition as it is.
    func isCurrent(_ id: TopicIDPartition, leader: PartitionLeader?, epoch: LeaderEpoch) -> Bool {
        open[id].map { $0.leader == leader && $0.epoch == epoch } ?? false
    }

    /// Whether its leader is silent, rather than has asked.
    func isForSilent(_ id: TopicIDPartition) -> Bool { open[id]?.isForSilent ?? false }

    mutating func close(_ id: TopicIDPartition) { open[id] = nil }

    /// The partition moves: the next time is further away, unless it was long ago.
    mutating func moved(_ id: TopicIDPartition, at now: ControllerTime, _ settings: ControllerSettings) {
        open[id] = nil
        let last = backOffs[id].map { min($0.length * 2, settings.moveBackoffMax) }
        let length = last ?? settings.moveBackoff
        backOffs[id] = BackOff(until: now + length, length: length)
    }

    mutating func passTime(at now: ControllerTime, _ settings: ControllerSettings) {
        open = open.filter { now - $0.value.at < settings.sessionTimeout }
        backOffs = backOffs.filter { now < $0.value.until + settings.moveBackoffMax }
        if open.isEmpty { reach = [:] }
    }

    // MARK: Who reaches whom

    /// True: it is to be asked.
    mutating func needsReach(of broker: BrokerID, at now: ControllerTime, _ settings: ControllerSettings) -> Bool {
        if let known = reach[broker], now - known.at < settings.reachAge { return false }
        return asking.insert(broker).inserted
    }

    mutating func answered(_ broker: BrokerID, _ brokers: [BrokerID]?, at now: ControllerTime) {
        asking.remove(broker)
        reach[broker] = (Set(brokers ?? []), now)
    }

    /// Nil: not known yet.
    func reach(of broker: BrokerID, at now: ControllerTime, _ settings: ControllerSettings) -> Set<BrokerID>? {
        reach[broker].flatMap { now - $0.at < settings.reachAge ? $0.brokers : nil }
    }
}
