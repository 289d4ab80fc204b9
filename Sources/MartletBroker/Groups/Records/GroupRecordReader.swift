internal import MartletCore

/// Bytes that are no record of a group, and why.
package struct GroupRecordError: Error, Equatable, CustomStringConvertible {
    package var description: String
    /// A newer broker wrote them.
    package var isNewer = false
}

extension GroupRecord {
    /// Reads a record's key and value, which may be anything. Nil `value`: the key is gone.
    package static func decode(
        key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?
    ) throws(GroupRecordError) -> GroupRecord {
        var reader = GroupRecordReader(key)
        let kind = try reader.read(UInt16.self)
        let group = try reader.readText()
        let key: Key
        switch kind {
        case Kind.offset: key = .offset(group: group, try reader.readPartition())
        case Kind.group: key = .group(group)
        case Kind.member: key = .member(group: group, id: try reader.readText())
        case Kind.target: key = .target(group: group, member: try reader.readText())
        case Kind.current: key = .current(group: group, member: try reader.readText())
        default: throw GroupRecordError(description: "a record of kind \(kind)", isNewer: true)
        }
        try reader.expectEnd()
        guard let value else { return GroupRecord(key, nil) }
        return GroupRecord(key, try Value.decode(value, of: key))
    }
}

extension GroupRecord.Value {
    fileprivate static func decode(
        _ bytes: UnsafeRawBufferPointer, of key: GroupRecord.Key
    ) throws(GroupRecordError) -> Self {
        var reader = GroupRecordReader(bytes)
        let version = try reader.read(UInt16.self)
        guard version == Self.version else {
            throw GroupRecordError(description: "a value of version \(version)", isNewer: version > Self.version)
        }
        let value: Self
        switch key {
        case .offset: value = .offset(try reader.readOffset())
        case .group: value = .group(try reader.readGroup())
        case .member: value = .member(try reader.readMember())
        case .target: value = .target(try reader.readTarget())
        case .current: value = .current(try reader.readAssignment())
        }
        try reader.expectEnd()
        return value
    }
}

/// Reads the fields of records: every length is checked against what is left before it is used.
private struct GroupRecordReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var remaining: Int { bytes.count - position }

    private func require(_ count: Int) throws(GroupRecordError) {
        guard count <= remaining else {
            throw GroupRecordError(description: "\(count) bytes wanted at \(position), \(remaining) are left")
        }
    }

    func expectEnd() throws(GroupRecordError) {
        guard remaining == 0 else { throw GroupRecordError(description: "\(remaining) bytes too many") }
    }

    mutating func read<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) throws(GroupRecordError) -> Value {
        try require(MemoryLayout<Value>.size)
        defer { position += MemoryLayout<Value>.size }
        return Value(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
    }

    mutating func readTopicID() throws(GroupRecordError) -> TopicID {
        TopicID(high: try read(), low: try read())
    }

    mutating func readPartition() throws(GroupRecordError) -> TopicIDPartition {
        TopicIDPartition(topicID: try readTopicID(), partition: try read())
    }

    private mutating func readSlice() throws(GroupRecordError) -> UnsafeRawBufferPointer {
        let count = Int(try read(UInt16.self))
        try require(count)
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    mutating func readText() throws(GroupRecordError) -> String {
        guard let text = String(validating: try readSlice(), as: UTF8.self) else {
            throw GroupRecordError(description: "text that is not UTF-8")
        }
        return text
    }

    private mutating func readName() throws(GroupRecordError) -> String? {
        let text = try readText()
        return text.isEmpty ? nil : text
    }

    /// A number of elements, each at least `bytes` long.
    private mutating func readCount(of bytes: Int) throws(GroupRecordError) -> Int {
        let count = Int(try read(UInt32.self))
        try require(count * bytes)
        return count
    }

    mutating func readOffset() throws(GroupRecordError) -> CommittedOffset {
        let offset: Offset = try read()
        let leaderEpoch: LeaderEpoch = try read()
        let commitTime: TimestampMs = try read()
        let memberEpoch: Int32 = try read()
        let sequence: Int64 = try read()
        return CommittedOffset(
            offset: offset, leaderEpoch: leaderEpoch, metadata: Array(try readSlice()), commitTime: commitTime,
            memberEpoch: memberEpoch, sequence: sequence)
    }

    mutating func readGroup() throws(GroupRecordError) -> GroupFacts {
        var facts = GroupFacts()
        facts.epoch = try read()
        facts.topicsHash = try read()
        facts.assignor = try readAssignor() ?? .uniform
        let emptySince: TimestampMs = try read()
        facts.emptySince = emptySince < 0 ? nil : emptySince
        facts.settings.sessionTimeoutMs = try readSetting()
        facts.settings.heartbeatIntervalMs = try readSetting()
        facts.settings.assignor = try readAssignor()
        return facts
    }

    private mutating func readSetting() throws(GroupRecordError) -> Int32? {
        let value: Int32 = try read()
        return value < 0 ? nil : value
    }

    private mutating func readAssignor() throws(GroupRecordError) -> AssignorName? {
        guard let name = try readName() else { return nil }
        guard let assignor = AssignorName(rawValue: name) else {
            throw GroupRecordError(description: "an assignor \"\(name)\"", isNewer: true)
        }
        return assignor
    }

    mutating func readMember() throws(GroupRecordError) -> MemberFacts {
        var facts = MemberFacts()
        facts.instanceID = try readName()
        facts.clientID = try readText()
        facts.clientHost = try readText()
        facts.rebalanceTimeout = try read()
        facts.joinEpoch = try read()
        let pattern = try readName()
        facts.subscription = GroupSubscription(topics: try readTexts(), pattern: pattern)
        facts.predecessors = try readTexts()
        return facts
    }

    private mutating func readTexts() throws(GroupRecordError) -> [String] {
        var texts: [String] = []
        for _ in 0..<(try readCount(of: 2)) { texts.append(try readText()) }
        return texts
    }

    mutating func readTarget() throws(GroupRecordError) -> Set<TopicIDPartition> {
        var target: Set<TopicIDPartition> = []
        try readPartitions(entryBytes: 4) { (_, partition) throws(GroupRecordError) in target.insert(partition) }
        return target
    }

    mutating func readAssignment() throws(GroupRecordError) -> MemberAssignment {
        var assignment = MemberAssignment()
        assignment.epoch = try read()
        assignment.previousEpoch = try read()
        assignment.version = try read()
        try readPartitions(entryBytes: 8) { (reader, partition) throws(GroupRecordError) in
            assignment.assigned[partition] = try reader.read()
        }
        try readPartitions(entryBytes: 16) { (reader, partition) throws(GroupRecordError) in
            assignment.revoking[partition] = .init(epoch: try reader.read(), version: try reader.read())
        }
        return assignment
    }

    private mutating func readPartitions(
        entryBytes: Int, _ entry: (inout GroupRecordReader, TopicIDPartition) throws(GroupRecordError) -> Void
    ) throws(GroupRecordError) {
        for _ in 0..<(try readCount(of: 20)) {
            let topic = try readTopicID()
            for _ in 0..<(try readCount(of: entryBytes)) {
                try entry(&self, TopicIDPartition(topicID: topic, partition: try read()))
            }
        }
    }
}
