package import MartletCore

/// How a group's partitions are shared out.
package enum AssignorName: String, Sendable, CaseIterable {
    /// Counts as even as the subscriptions allow, with as few moves as that takes.
    case uniform
    /// Neighbouring partitions together, and the same numbers of topics of the same size: for joining topics by key.
    case range
}

/// What an assignor decides on.
package struct AssignmentInput: Sendable {
    package struct Member: Sendable {
        /// What it subscribes to, of what there is; each once.
        package var topics: [TopicID]
        /// What it was to have so far; at most one member has a partition.
        package var target: Set<TopicIDPartition>

        package init(topics: [TopicID], target: Set<TopicIDPartition>) {
            self.topics = topics
            self.target = target
        }
    }

    /// Those who came first stand first.
    package var members: [Member]
    /// Of each topic that a member subscribes to.
    package var partitionCounts: [TopicID: Int32]
    /// Which member, by its place in `members`, a partition has not been let go by yet. To move one that its new owner
    /// does not have yet costs nothing.
    package var owners: [TopicIDPartition: Int]

    package init(members: [Member], partitionCounts: [TopicID: Int32], owners: [TopicIDPartition: Int] = [:]) {
        self.members = members
        self.partitionCounts = partitionCounts
        self.owners = owners
    }
}

extension AssignorName {
    /// What each member is to have, in the order of the input. Every partition of a subscribed topic has one owner. The
    /// same input has the same result.
    package func assign(_ input: AssignmentInput) -> [Set<TopicIDPartition>] {
        switch self {
        case .uniform: UniformAssignment(input).result
        case .range: RangeAssignment.assign(input)
        }
    }
}
