internal import Martlet

/// A run of consume as a member of a group: tells the person which partitions come and go, and keeps account of what
/// is left to read of them. Used by one task.
final class GroupReading {
    private let group: String
    private let goal: ReadingGoal
    /// Where partitions are begun in which the group has committed nothing; needed where there is an end.
    private let starts: [TopicPartition: Offset]

    init(group: String, goal: ReadingGoal, starts: [TopicPartition: Offset]) {
        self.group = group
        self.goal = goal
        self.starts = starts
    }

    /// Before the consumer subscribes.
    func attend(to consumer: Consumer) {
        consumer.onAssigned = { [self] consumer, partitions in assigned(partitions, consumer) }
        consumer.onRevoked = { [self] consumer, partitions in
            tell("lets go of \(text(partitions))")
            finish(partitions, consumer)
        }
        consumer.onLost = { [self] consumer, partitions in
            tell("lost \(text(partitions)): others may read from there already")
            finish(partitions, consumer)
        }
    }

    private func assigned(_ partitions: Set<TopicPartition>, _ consumer: Consumer) {
        tell("reads \(text(partitions))")
        var positions: [TopicPartition: Offset] = [:]
        for partition in partitions {
            positions[partition] = (try? consumer.position(of: partition)) ?? starts[partition] ?? 0
        }
        // They are this consumer's: it cannot refuse.
        try? consumer.pause(goal.begin(positions))
        stopIfDone(consumer)
    }

    private func finish(_ partitions: Set<TopicPartition>, _ consumer: Consumer) {
        goal.finish(partitions)
        stopIfDone(consumer)
    }

    /// Else it would wait for records that are not wanted.
    private func stopIfDone(_ consumer: Consumer) {
        if goal.isReached { consumer.control.stop() }
    }

    private func tell(_ what: String) {
        StandardError.write("group \(group): \(what)\n")
    }

    private func text(_ partitions: Set<TopicPartition>) -> String {
        PartitionRanges.text(partitions.sorted())
    }
}
