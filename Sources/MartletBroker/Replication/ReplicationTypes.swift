package import MartletCore
package import MartletMetadata

/// One run of a broker that keeps replicas.
package struct ReplicaIdentity: Sendable, Hashable {
    package var broker: BrokerID
    package var startEpoch: StartEpoch

    package init(broker: BrokerID, startEpoch: StartEpoch) {
        self.broker = broker
        self.startEpoch = startEpoch
    }
}

/// How a replica's log is, whatever it holds.
package enum ReplicaCondition: Sendable, Equatable {
    case sound
    /// Batches in it are damaged, and are about to be replaced by those of another replica (RULES 17).
    case underRepair
    /// They cannot be replaced: all of it has to be copied anew.
    case toBeCopied
}

/// What a replica says of its log.
package struct ReplicaStatement: Sendable, Equatable {
    package var condition: ReplicaCondition
    /// Of the log, in this run of the broker.
    package var incarnation: Int32

    package init(condition: ReplicaCondition, incarnation: Int32) {
        self.condition = condition
        self.incarnation = incarnation
    }
}

/// How far a follower's logs are kept: told at once, beside the fetches, which may be waiting (RULES 13).
package struct DurableReport: Sendable, Equatable {
    package struct Item: Sendable, Equatable {
        package var id: TopicIDPartition
        /// The one that the follower follows.
        package var leaderEpoch: LeaderEpoch
        package var durableOffset: Offset
        /// As in its fetches: a report may be overtaken by the replica's beginning anew.
        package var incarnation: Int32

        package init(
            id: TopicIDPartition, leaderEpoch: LeaderEpoch, durableOffset: Offset, incarnation: Int32 = 0
        ) {
            self.id = id
            self.leaderEpoch = leaderEpoch
            self.durableOffset = durableOffset
            self.incarnation = incarnation
        }
    }

    package var replica: ReplicaIdentity
    package var items: [Item]

    package init(replica: ReplicaIdentity, items: [Item]) {
        self.replica = replica
        self.items = items
    }
}

/// Batches that another replica is to give, for those that are damaged here (RULES 17).
package struct RepairQuery: Sendable, Equatable {
    package var id: TopicIDPartition
    package var offsets: Range<Offset>
    /// One batch that is larger is given nevertheless.
    package var maxBytes: Int

    package init(id: TopicIDPartition, offsets: Range<Offset>, maxBytes: Int) {
        self.id = id
        self.offsets = offsets
        self.maxBytes = maxBytes
    }
}

/// A leader asks that others lead: too few of its in-sync replicas keep up with it (RULES 20).
package struct MoveRequest: Sendable, Equatable {
    package struct Item: Sendable, Equatable {
        package var id: TopicIDPartition
        package var leaderEpoch: LeaderEpoch

        package init(id: TopicIDPartition, leaderEpoch: LeaderEpoch) {
            self.id = id
            self.leaderEpoch = leaderEpoch
        }
    }

    package var leader: ReplicaIdentity
    package var items: [Item]

    package init(leader: ReplicaIdentity, items: [Item]) {
        self.leader = leader
        self.items = items
    }
}

/// A change of a partition's in-sync replicas that its leader wants, as one transaction: it compares the partition's
/// record, the leader's registration and that of each replica that joins (RULES 14).
package struct InSyncChange: Sendable, Equatable {
    package var id: TopicIDPartition
    package var leader: ReplicaIdentity
    package var leaderEpoch: LeaderEpoch
    /// Of the partition's record.
    package var ifRevision: Revision
    /// The set wanted.
    package var inSyncReplicas: [BrokerID]
    /// Those of them that are not in the set now, in the runs that were seen to have caught up.
    package var added: [ReplicaIdentity]
}

package enum InSyncOutcome: Sendable, Equatable {
    /// The record is as wanted, at this revision.
    case committed(Revision)
    /// It is not, and never will be by this change.
    case conflict
    /// It may become so now or later, until the record gets another revision.
    case unknown
}

/// What replication needs of the control plane.
package protocol ReplicationControl: AnyObject, Sendable {
    /// One outcome for each change, in order; each is committed, or not, by itself.
    func propose(_ changes: [InSyncChange]) async -> [InSyncOutcome]
    /// The replica's log can be used now: it may take its role.
    func logIsOnline(_ id: TopicIDPartition) async
    /// The replicas are of no use here until the broker starts again: they leave their in-sync sets, and with that the
    /// leadership, where another broker can take it (RULES 8). Called again and again while that is so.
    func withdraw(_ ids: [TopicIDPartition]) async
    /// The replica, which is in no in-sync set, begins anew without a record; what it had is set aside (RULES 17). Not
    /// when it says something else by then than what its leader was `told`.
    func copyAnew(_ id: TopicIDPartition, told: ReplicaStatement) async throws(BrokerError)
}
