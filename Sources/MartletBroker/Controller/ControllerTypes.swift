internal import MartletCore
internal import MartletMetadata

/// Milliseconds on a clock that never goes back; where it begins is the caller's business.
typealias ControllerTime = Int64

/// Names a transaction of one controller, from 1.
typealias ControllerTransactionID = Int64

/// What the controller goes by. Times in milliseconds.
struct ControllerSettings: Sendable {
    /// Nobody is declared dead for want of a session within this after an election or a gap in the feed (RULES 18).
    var sessionTimeout: ControllerTime = 6_000
    /// How long a broker without a session is waited for when nothing answers at its address,
    /// longer than a dial takes to find that out,
    var silentGrace: ControllerTime = 600
    /// and when something does: it is alive and about to open another session.
    var answeringGrace: ControllerTime = 2_000
    /// How often the others greet the controller, and the controller them, to see for themselves who lives,
    var greetEvery: ControllerTime = 500
    /// how long a greeting can take: if its outcome comes later, or the next greeting does, it was the greeter that
    /// stood still;
    var greetingLimit: ControllerTime = 1_500
    /// and how long the controller answers none of them before another broker may ask whether it is silent to most, and
    /// replace it.
    var controllerSilence: ControllerTime = 2_500
    /// How long a broker that has a session answers none of the controller's before it is taken for one that cannot ask
    /// others to lead (RULES 20); `replica.lag.time.max.ms`, the time after which it would ask.
    var leaderSilence: ControllerTime = 10_000
    /// Partitions that one transaction changes at most; its condition on the controller's own key comes on top.
    var partitionsPerTransaction = 99
    /// Transactions on their way at once, each over partitions of its own.
    var transactionsInFlightMax = 4
    /// How long a preferred replica is fit to lead before it leads again,
    var balanceDelay: ControllerTime = 5_000
    /// and how many of them take over in one second at most.
    var balancePerSecond = 50
    /// After a leader gave a partition away (RULES 20) it stays where it is for so long; doubled each time, up to
    var moveBackoff: ControllerTime = 10_000
    var moveBackoffMax: ControllerTime = 600_000
    /// How long what a broker said about whom it reaches is believed.
    var reachAge: ControllerTime = 3_000
    /// Partitions that move off draining brokers, or grow, at once.
    var movingMax = 20
    /// Replicas that the broker's own topics grow to.
    var internalReplicas = 3
    /// How long overwritten metadata is kept in the store, for feeds that start late.
    var historyAge: ControllerTime = 300_000
    /// After which partitions of a topic that was never finished creating are removed.
    var orphanAge: ControllerTime = 3_600_000
    /// Topic settings of this broker that hold where a topic has none of its own.
    var topicDefaults: [String: String] = [:]

    init() {}

    init(_ settings: BrokerSettings) {
        sessionTimeout = settings.sessionTimeout.milliseconds
        leaderSilence = settings.replicaLagMax.milliseconds
        balanceDelay = settings.leaderBalanceDelay.milliseconds
        balancePerSecond = settings.leaderBalanceRate
        topicDefaults = settings.topicDefaults
    }
}

/// What a dial found at a broker's address.
enum DialResult: Sendable, Hashable {
    /// Something greets there: which does not mean that it is well.
    case accepted
    /// The host says that nothing listens: the process is gone.
    case refused
    /// The host is away, or the process is stopped.
    case noAnswer
}

enum ControllerEvent: Sendable {
    /// An image that need not follow from the last one: the first, or the one after a gap in the feed.
    case imageLoaded(ClusterImage)
    /// The image after `update`.
    case updated(ClusterImage, MetadataUpdate)
    case timePassed
    /// A peer saw the connection to this run reset, or had it refused (RULES 21).
    case deathReported(PartitionLeader)
    case dialled(PartitionLeader, DialResult)
    case greeted(PartitionLeader, DialResult)
    /// What became of a transaction shows in an image of this revision or a later one. `isCommitted` is false also
    /// when that is not known.
    case settled(ControllerTransactionID, Revision, isCommitted: Bool)
    /// A leader cannot reach enough replicas and wants others to lead (RULES 20).
    case moveRequested(PartitionLeader, [(id: TopicIDPartition, leaderEpoch: LeaderEpoch)])
    /// Whom a broker reaches, as it says itself; nil: it did not say.
    case reachKnown(BrokerID, [BrokerID]?)
}

enum ControllerAction: Sendable, Equatable {
    /// To be answered by `settled`: at once with the revision of the commit; after a conflict or an unknown outcome
    /// with the revision of an image that was read afterwards.
    case commit(ControllerTransactionID, MetadataTransaction)
    /// To be answered by `dialled`.
    case dial(BrokerRecord)
    /// The same, to be answered by `greeted`.
    case greet(BrokerRecord)
    /// To be answered by `reachKnown`.
    case askReach(of: BrokerRecord, to: [BrokerID])
    /// Not this broker's to decide.
    case tellController(BrokerRecord, death: PartitionLeader)
    case compactHistory(before: Revision)
    case note(ControllerNote)
}

/// What a controller has seen happen in the cluster while it was one. Counts from the start of its process.
package struct ControllerTally: Sendable, Equatable {
    /// Partitions that got a leader, or another one.
    package var elections = 0
    /// Of those, how many got one that may lack acknowledged records.
    package var uncleanElections = 0
    /// Brokers declared dead.
    package var deaths = 0

    package init() {}
}

/// What a person reads in the log.
enum ControllerNote: Sendable, Equatable {
    case elected(revision: Revision)
    case resigned
    /// The controller is silent to this broker and to most, and has a session on the store.
    case challenged(PartitionLeader)
    case declaredDead(PartitionLeader, reason: String)
    /// It has a session, and neither the controller nor those who could lead in its place reach it.
    case relieved(PartitionLeader)
    /// Acknowledged records may be gone.
    case uncleanElection(TopicIDPartition, leader: PartitionLeader, epoch: LeaderEpoch)
    case lostLeader(TopicIDPartition, inSyncReplicas: [BrokerID])
    case moveFinished(TopicIDPartition, replicas: [BrokerID])
    /// No broker could take the replica that a draining one has.
    case cannotDrain(BrokerID, partitions: Int)
}
