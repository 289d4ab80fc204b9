internal import MartletCore

extension GroupRecord {
    package enum Kind {
        static let offset: UInt16 = 0
        static let group: UInt16 = 1
        static let member: UInt16 = 2
        static let target: UInt16 = 3
        static let current: UInt16 = 4
    }
}

extension GroupRecord.Key {
    package func encode(into bytes: inout [UInt8]) {
        var writer = GroupRecordWriter(bytes: bytes)
        bytes = []
        switch self {
        case .offset(let group, let partition):
            writer.write(GroupRecord.Kind.offset)
            writer.write(group)
            writer.write(partition.topicID)
            writer.write(partition.partition)
        case .group(let group):
            writer.write(GroupRecord.Kind.group)
            writer.write(group)
        case .member(let group, let id):
            writer.write(GroupRecord.Kind.member)
            writer.write(group)
            writer.write(id)
        case .target(let group, let member):
            writer.write(GroupRecord.Kind.target)
            writer.write(group)
            writer.write(member)
        case .current(let group, let member):
            writer.write(GroupRecord.Kind.current)
            writer.write(group)
            writer.write(member)
        }
        bytes = writer.bytes
    }
}

extension GroupRecord.Value {
    static let version: UInt16 = 0

    package func encode(into bytes: inout [UInt8]) {
        var writer = GroupRecordWriter(bytes: bytes)
        bytes = []
        writer.write(Self.version)
        switch self {
        case .offset(let offset): writer.write(offset)
        case .group(let facts): writer.write(facts)
        case .member(let facts): writer.write(facts)
        case .target(let partitions):
            writer.write(partitions) { writer, partition in writer.write(partition.partition) }
        case .current(let assignment): writer.write(assignment)
        }
        bytes = writer.bytes
    }
}

/// Appends the fields of records to bytes. Texts are shorter than 64 KiB: they were checked when they came.
private struct GroupRecordWriter {
    var bytes: [UInt8]

    mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ id: TopicID) {
        write(id.high)
        write(id.low)
    }

    mutating func write(_ text: String) {
        write(Array(text.utf8))
    }

    mutating func write(_ text: [UInt8]) {
        let text = text.prefix(Int(UInt16.max))
        write(UInt16(text.count))
        bytes.append(contentsOf: text)
    }

    mutating func write(_ offset: CommittedOffset) {
        write(offset.offset)
        write(offset.leaderEpoch)
        write(offset.commitTime)
        write(offset.memberEpoch)
        write(offset.sequence)
        write(offset.metadata)
    }

    mutating func write(_ facts: GroupFacts) {
        write(facts.epoch)
        write(facts.topicsHash)
        write(facts.assignor.rawValue)
        write(facts.emptySince ?? -1)
        write(facts.settings.sessionTimeoutMs ?? -1)
        write(facts.settings.heartbeatIntervalMs ?? -1)
        write(facts.settings.assignor?.rawValue ?? "")
    }

    mutating func write(_ facts: MemberFacts) {
        write(facts.instanceID ?? "")
        write(facts.clientID)
        write(facts.clientHost)
        write(facts.rebalanceTimeout)
        write(facts.joinEpoch)
        write(facts.subscription.pattern ?? "")
        write(facts.subscription.topics)
        write(facts.predecessors)
    }

    mutating func write(_ texts: [String]) {
        write(UInt32(texts.count))
        for text in texts { write(text) }
    }

    mutating func write(_ assignment: MemberAssignment) {
        write(assignment.epoch)
        write(assignment.previousEpoch)
        write(assignment.version)
        write(assignment.assigned.keys) { writer, partition in
            writer.write(partition.partition)
            writer.write(assignment.assigned[partition] ?? 0)
        }
        write(assignment.revoking.keys) { writer, partition in
            writer.write(partition.partition)
            writer.write(assignment.revoking[partition]?.epoch ?? 0)
            writer.write(assignment.revoking[partition]?.version ?? 0)
        }
    }

    /// A partition list, sorted: equal values have equal bytes.
    mutating func write(
        _ partitions: some Collection<TopicIDPartition>,
        _ partition: (inout GroupRecordWriter, TopicIDPartition) -> Void
    ) {
        let sorted = partitions.sorted()
        write(UInt32(Set(sorted.map(\.topicID)).count))
        for topic in sorted.chunked(by: { $0.topicID == $1.topicID }) {
            write(topic[topic.startIndex].topicID)
            write(UInt32(topic.count))
            for each in topic { partition(&self, each) }
        }
    }
}

extension Array {
    /// Runs of neighbours that belong together.
    fileprivate func chunked(by belongTogether: (Element, Element) -> Bool) -> [ArraySlice<Element>] {
        var chunks: [ArraySlice<Element>] = []
        var start = startIndex
        for index in indices.dropFirst() where !belongTogether(self[index - 1], self[index]) {
            chunks.append(self[start..<index])
            start = index
        }
        if start < endIndex { chunks.append(self[start...]) }
        return chunks
    }
}
