package import MartletCore

/// What `__consumer_offsets` holds: records whose newest one per key is the state of the groups. A null value removes
/// its key. All integers are big-endian; a string is its length (u16) and that much UTF-8.
///
/// A key begins with the record's kind (u16) and the group's name (string), and goes on with:
///
/// | kind | record | rest of the key |
/// |---|---|---|
/// | 0 | committed offset | 16 bytes topic id, i32 partition |
/// | 1 | group | |
/// | 2 | member | string member id |
/// | 3 | target assignment | string member id |
/// | 4 | current assignment | string member id |
///
/// A value begins with its version (u16, so far always 0), and goes on with, by kind:
///
/// 0. i64 offset, i32 leader epoch, i64 commit time (ms), i32 member epoch, i64 sequence, string metadata (any bytes)
/// 1. i32 group epoch, i64 hash of the subscribed topics, string assignor in use, i64 time at which the last member
///    went (ms; -1: there are members), i32 session timeout and i32 heartbeat interval (ms; -1: default), string
///    assignor that is set ("": none)
/// 2. string instance id ("": none), string client id, string client host, i64 rebalance timeout (ms), i32 group epoch
///    of joining, string pattern ("": none), u32 topics and each as a string, u32 predecessors and each as a string
/// 3. partitions, each i32 number
/// 4. i32 member epoch, i32 previous member epoch, i64 version; partitions that are assigned, each i32 number, i32
///    assignment epoch; partitions to let go of, each i32 number, i32 assignment epoch, i64 version that took it
///
/// Partitions are u32 topics and for each 16 bytes topic id, u32 partitions and those.
///
/// Kinds and versions that are not known belong to a newer broker: what holds them is refused, not skipped. The records
/// of one event stand in one batch, so that a crash leaves all of them or none.
package struct GroupRecord: Sendable, Equatable {
    package var key: Key
    /// Nil: the key is gone.
    package var value: Value?

    package init(_ key: Key, _ value: Value?) {
        self.key = key
        self.value = value
    }

    package enum Key: Sendable, Hashable {
        case offset(group: String, TopicIDPartition)
        case group(String)
        case member(group: String, id: String)
        case target(group: String, member: String)
        case current(group: String, member: String)

        package var group: String {
            switch self {
            case .offset(let group, _), .group(let group), .member(let group, _), .target(let group, _),
                .current(let group, _):
                group
            }
        }
    }

    package enum Value: Sendable, Equatable {
        case offset(CommittedOffset)
        case group(GroupFacts)
        case member(MemberFacts)
        case target(Set<TopicIDPartition>)
        case current(MemberAssignment)
    }
}

/// A group but for its members and offsets.
package struct GroupFacts: Sendable, Equatable {
    /// Raised by every change of members, subscriptions or topics.
    package var epoch: Int32 = 0
    /// Of the topics that the target assignment was made for.
    package var topicsHash: Int64 = 0
    /// In use by the members.
    package var assignor = AssignorName.uniform
    /// When the last member went; nil: there are members.
    package var emptySince: TimestampMs?
    package var settings = GroupSettings()

    package init() {}
}

/// What a member said of itself when it joined, or since.
package struct MemberFacts: Sendable, Equatable {
    package var instanceID: String?
    package var clientID = ""
    package var clientHost = ""
    /// In milliseconds.
    package var rebalanceTimeout: GroupTime = 0
    /// The group's epoch when it, or its instance id, came.
    package var joinEpoch: Int32 = 0
    package var subscription = GroupSubscription()
    /// The last members with the same instance id, which this one and those before it have fenced.
    package var predecessors: [String] = []

    package init() {}
}

/// Where a member stands on its way to its target.
package struct MemberAssignment: Sendable, Equatable {
    /// A partition that the member has yet to let go of.
    package struct Revocation: Sendable, Equatable {
        /// At which the partition had been assigned.
        package var epoch: Int32
        /// The first version without the partition: a member that has seen it and lists the partition no more has let
        /// go.
        package var version: Int64

        package init(epoch: Int32, version: Int64) {
            self.epoch = epoch
            self.version = version
        }
    }

    package var epoch: Int32 = 0
    package var previousEpoch: Int32 = 0
    /// Rises with every change that the member is told.
    package var version: Int64 = 0
    /// What is the member's, and since which of its epochs.
    package var assigned: [TopicIDPartition: Int32] = [:]
    package var revoking: [TopicIDPartition: Revocation] = [:]

    package init() {}

    /// The epoch at which the member got `partition`; nil: it neither has it nor is letting it go.
    func assignmentEpoch(of partition: TopicIDPartition) -> Int32? {
        assigned[partition] ?? revoking[partition]?.epoch
    }
}
