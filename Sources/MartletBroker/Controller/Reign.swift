internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// What a controller keeps while it is one. Everything is derived from the image: the next controller starts anew.
struct Reign {
    /// A transaction on its way, or settled and not seen in the image yet.
    struct Flight {
        var partitions: [TopicIDPartition] = []
        var fenced: [BrokerID] = []
        var seenAt: Revision?
    }

    /// A change that is not urgent, for a partition that is otherwise as it should be.
    enum Wish {
        case lead(BrokerID)
        case preferred
        case target([BrokerID])
        case remove
    }

    /// Of the controller's own record: every transaction compares it (RULES 22).
    let revision: Revision
    var work: PartitionWork
    var standings: [BrokerID: BrokerStanding] = [:]
    /// Runs declared dead that the image does not show fenced yet.
    var dying: [BrokerID: PartitionLeader] = [:]
    var rules: [TopicID: ElectionRules] = [:]

    var flights: [ControllerTransactionID: Flight] = [:]
    var locked: Set<TopicIDPartition> = []
    /// Lower after a conflict: one partition that others change all the time does not hold up the rest for ever.
    var batchLimit: Int

    var wishes: [TopicIDPartition: Wish] = [:]
    /// Since when the preferred replica could lead and does not.
    var misplaced: [TopicIDPartition: ControllerTime] = [:]
    /// With replicas on the move.
    var moving: Set<TopicIDPartition> = []
    /// Of topics that are not there (yet), since when.
    var orphans: [TopicIDPartition: ControllerTime] = [:]
    var requests = MoveRequests()
    /// Silent leaders of which others have taken partitions over.
    var relieved: Set<PartitionLeader> = []
    var stuck: [BrokerID: Int] = [:]

    var nextTick: ControllerTime
    /// What was the newest revision at some time, for forgetting what is older.
    var history: (revision: Revision, at: ControllerTime)

    init(_ image: ClusterImage, revision: Revision, settings: ControllerSettings, at now: ControllerTime) {
        self.revision = revision
        work = PartitionWork(image)
        batchLimit = settings.partitionsPerTransaction
        nextTick = now
        history = (image.revision, now)
        for id in image.brokers.keys { standings[id] = BrokerStanding(id, in: image) }
        for partition in image.partitions.values where !partition.targetReplicas.isEmpty {
            moving.insert(partition.record.id)
        }
    }
}
