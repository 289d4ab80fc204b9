package import MartletCore

/// A heartbeat of a member that is in the group or wants to be.
package struct GroupHeartbeat: Sendable, Equatable {
    package var memberID: String
    /// 0: join; else the epoch that the member was told last.
    package var memberEpoch: Int32
    /// Of the last assignment that reached the member; 0: none.
    package var assignmentVersion: Int64
    /// What the member has not let go of; nil: as it said last.
    package var owned: Set<TopicIDPartition>?
    /// Nil: as it said last.
    package var subscription: GroupSubscription?
    package var instanceID: String?
    package var clientID: String
    package var clientHost: String
    /// In milliseconds; read on joining.
    package var rebalanceTimeout: GroupTime
    /// Read on joining; nil: the group's.
    package var assignor: AssignorName?
    /// In milliseconds.
    package var maxWait: GroupTime

    package init(
        memberID: String, memberEpoch: Int32, assignmentVersion: Int64 = 0, owned: Set<TopicIDPartition>? = nil,
        subscription: GroupSubscription? = nil, instanceID: String? = nil, clientID: String = "",
        clientHost: String = "", rebalanceTimeout: GroupTime = 300_000, assignor: AssignorName? = nil,
        maxWait: GroupTime
    ) {
        self.memberID = memberID
        self.memberEpoch = memberEpoch
        self.assignmentVersion = assignmentVersion
        self.owned = owned
        self.subscription = subscription
        self.instanceID = instanceID
        self.clientID = clientID
        self.clientHost = clientHost
        self.rebalanceTimeout = rebalanceTimeout
        self.assignor = assignor
        self.maxWait = maxWait
    }
}

/// A member's goodbye.
package struct GroupLeave: Sendable, Equatable {
    package var memberID: String
    package var instanceID: String?
    /// A member with an instance id that will be back: it keeps what it has for a session timeout.
    package var isForAWhile: Bool

    package init(memberID: String, instanceID: String? = nil, isForAWhile: Bool = false) {
        self.memberID = memberID
        self.instanceID = instanceID
        self.isForAWhile = isForAWhile
    }
}

/// Offsets to keep.
package struct OffsetCommit: Sendable, Equatable {
    package struct Item: Sendable, Equatable {
        package var partition: TopicIDPartition
        /// The next one to read.
        package var offset: Offset
        /// Of the last record read; -1: unknown.
        package var leaderEpoch: LeaderEpoch
        package var metadata: [UInt8]

        package init(
            partition: TopicIDPartition, offset: Offset, leaderEpoch: LeaderEpoch = -1, metadata: [UInt8] = []
        ) {
            self.partition = partition
            self.offset = offset
            self.leaderEpoch = leaderEpoch
            self.metadata = metadata
        }
    }

    /// Who commits.
    package struct Sender: Sendable, Equatable {
        package var memberID: String
        package var memberEpoch: Int32
        package var instanceID: String?
        /// Counts the member's commits.
        package var sequence: Int64

        package init(memberID: String, memberEpoch: Int32, instanceID: String? = nil, sequence: Int64) {
            self.memberID = memberID
            self.memberEpoch = memberEpoch
            self.instanceID = instanceID
            self.sequence = sequence
        }
    }

    /// Nil: without membership.
    package var sender: Sender?
    package var items: [Item]

    package init(sender: Sender?, items: [Item]) {
        self.sender = sender
        self.items = items
    }
}

/// What happens to a group.
package enum GroupEvent: Sendable, Equatable {
    case heartbeat(GroupHeartbeat, GroupToken)
    case leave(GroupLeave, GroupToken)
    case commit(OffsetCommit, GroupToken)
    /// Nil: all that there are.
    case fetchOffsets([TopicIDPartition]?, GroupToken)
    case describe(GroupToken)
    case delete(GroupToken)
    /// The settings that are to hold from now on.
    case alter(GroupSettings, GroupToken)
    /// Nobody waits for this answer any more.
    case abandoned(GroupToken)
    /// A deadline passed, or none: looking is free.
    case timePassed
    /// The context's catalog is not the one before.
    case topicsChanged
    /// Of a group without members, offsets older than this many milliseconds are to go.
    case expireOffsets(retentionMs: Int64)
    /// Everything that was appended up to and including this position is below the high watermark.
    case durable(Int64)
}

/// What is to be done after an event, in this order.
package enum GroupAction: Sendable, Equatable {
    /// Append these records, all of them or none; report `.durable(position)` when they are below the high watermark.
    /// Positions rise by one.
    case append([GroupRecord], position: Int64)
    /// Answer whoever waits under this token. Each token is answered once, or abandoned.
    case answer(GroupToken, GroupAnswer)
}

/// What a member is told.
package struct HeartbeatAnswer: Sendable, Equatable {
    package var memberEpoch: Int32
    package var assignmentVersion: Int64
    /// Nil: as of the version that the member has.
    package var assignment: Set<TopicIDPartition>?
    /// In milliseconds.
    package var sessionTimeout: GroupTime
    package var heartbeatInterval: GroupTime
}

package enum GroupAnswer: Sendable, Equatable {
    case heartbeat(HeartbeatAnswer)
    /// One for each item of the commit; nil: kept.
    case commit([BrokerError?])
    /// In the order that was asked for, or sorted; nil: nothing is committed.
    case offsets([CommittedPartition])
    case description(GroupDescription)
    /// Left, deleted or altered.
    case done
    case failure(BrokerError)
}

package struct CommittedPartition: Sendable, Equatable {
    package var partition: TopicIDPartition
    package var committed: CommittedOffset?
}

/// A group as people see it.
package struct GroupDescription: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package var memberID: String
        package var instanceID: String?
        package var clientID: String
        package var clientHost: String
        package var memberEpoch: Int32
        package var subscription: GroupSubscription
        package var assigned: [TopicIDPartition]
        package var revoking: [TopicIDPartition]
        package var target: [TopicIDPartition]
    }

    package var state: GroupState
    package var groupEpoch: Int32
    package var settings: GroupSettings
    package var assignor: AssignorName
    /// Sorted by id.
    package var members: [Member]
}

/// A group in a list.
package struct GroupListing: Sendable, Equatable {
    package var name: String
    package var state: GroupState
    package var assignor: AssignorName
    package var memberCount: Int
}
