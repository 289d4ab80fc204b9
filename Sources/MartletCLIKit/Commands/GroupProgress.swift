package import Martlet

/// How far a group has come in one partition, and what is left for it to read.
package struct GroupProgress: Sendable, Hashable {
    package var topicPartition: TopicPartition
    /// The member that reads it; nil: none.
    package var memberID: String?
    /// The next offset that is read; nil: nothing is committed.
    package var committed: Offset?
    /// The first offset that is kept.
    package var start: Offset
    /// The first offset that consumers do not see yet.
    package var end: Offset
    /// When the first record that is not consumed was written, in milliseconds since 1970; nil: there is none, or
    /// nothing is committed.
    package var oldest: TimestampMs?

    package init(
        topicPartition: TopicPartition, memberID: String? = nil, committed: Offset? = nil, start: Offset, end: Offset,
        oldest: TimestampMs? = nil
    ) {
        self.topicPartition = topicPartition
        self.memberID = memberID
        self.committed = committed
        self.start = start
        self.end = end
        self.oldest = oldest
    }

    /// Offsets that are there to read; nil: nobody knows where reading will begin.
    package var lag: Int64? { committed.map { max(end - max($0, start), 0) } }

    /// The age of the oldest record that is not consumed; zero when all are. Nil: not known.
    package func behind(at now: TimestampMs) -> Duration? {
        guard let lag else { return nil }
        return lag == 0 ? .zero : oldest.map { .milliseconds(max(now - $0, 0)) }
    }
}

extension GroupProgress {
    /// Everything that members have or are to have, and everything that offsets are committed of, in order.
    static func all(of group: GroupInfo, _ admin: Admin) async throws -> [GroupProgress] {
        let committed = try await admin.committedOffsets(of: group.name)
        var owners: [TopicPartition: String] = [:]
        var partitions = Set(committed.keys)
        for member in group.members {
            for partition in member.assigned + member.revoking { owners[partition] = member.memberID }
            partitions.formUnion(member.assigned + member.revoking + member.target)
        }
        func offsets(_ spec: OffsetSpec) async throws -> [TopicPartition: FoundOffset] {
            try await admin.offsets(for: Dictionary(uniqueKeysWithValues: partitions.map { ($0, spec) }))
        }
        let starts = try await offsets(.earliest)
        let ends = try await offsets(.latest)
        var all: [GroupProgress] = []
        for partition in partitions.sorted() {
            guard let start = starts[partition]?.offset, let end = ends[partition]?.offset else { continue }
            all.append(
                GroupProgress(
                    topicPartition: partition, memberID: owners[partition], committed: committed[partition]?.offset,
                    start: start, end: end))
        }
        let unread = all.filter { $0.lag ?? 0 > 0 }.map { ($0.topicPartition, max($0.committed ?? 0, $0.start)) }
        let timestamps = try await admin.timestamps(at: Dictionary(uniqueKeysWithValues: unread))
        for index in all.indices { all[index].oldest = timestamps[all[index].topicPartition] }
        return all
    }
}
