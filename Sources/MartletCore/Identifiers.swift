/// A record's place in its partition's log. The first record of a partition has offset 0.
public typealias Offset = Int64

/// Counts a partition's leaders: every new leader, and every new run of the same one, has a higher epoch than the one
/// before.
public typealias LeaderEpoch = Int32

/// The number of a partition within its topic, from 0.
public typealias PartitionIndex = Int32

/// Names one idempotent producer; given out by the broker. -1 means none.
public typealias ProducerID = Int64

/// Counts the restarts of a producer id. -1 means none.
public typealias ProducerEpoch = Int16

/// Numbers the brokers of a cluster, from 0.
public typealias BrokerID = Int32

/// Milliseconds since 1970-01-01T00:00:00Z, the unit of record timestamps.
public typealias TimestampMs = Int64

/// A topic's identity: 16 random bytes given out when it is created. A topic deleted and created again under the same
/// name has another one, so that nothing of its predecessor can be mistaken for it.
public struct TopicID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public static let byteCount = 16

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new identity drawn from `generator`; never all zeros.
    public static func random(using generator: inout some RandomNumberGenerator) -> TopicID {
        while true {
            let id = TopicID(high: generator.next(), low: generator.next())
            if id.high | id.low != 0 { return id }
        }
    }

    /// Reads sixteen bytes, big-endian. Nil for any other number of bytes.
    @inlinable
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for byte in bytes { words = (words.0 << 8 | words.1 >> 56, words.1 << 8 | UInt64(byte)) }
        self.init(high: words.0, low: words.1)
    }

    /// The sixteen bytes, big-endian.
    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
    }

    /// Thirty-two hexadecimal digits: the name of the topic's directory.
    public var description: String {
        Self.hexadecimal(high) + Self.hexadecimal(low)
    }

    /// Reads what ``description`` wrote. Nil for anything else.
    public init?(_ description: some StringProtocol) {
        guard description.utf8.count == 32,
            let high = UInt64(description.prefix(16), radix: 16),
            let low = UInt64(description.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    public static func < (left: TopicID, right: TopicID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A partition by the topic's name, as people write it.
public struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var topic: String
    public var partition: PartitionIndex

    public init(topic: String, partition: PartitionIndex) {
        self.topic = topic
        self.partition = partition
    }

    public var description: String { "\(topic)-\(partition)" }

    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

/// A partition by the topic's identity, as brokers and the wire name it.
public struct TopicIDPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var topicID: TopicID
    public var partition: PartitionIndex

    public init(topicID: TopicID, partition: PartitionIndex) {
        self.topicID = topicID
        self.partition = partition
    }

    public var description: String { "\(topicID)-\(partition)" }

    public static func < (left: TopicIDPartition, right: TopicIDPartition) -> Bool {
        (left.topicID, left.partition) < (right.topicID, right.partition)
    }
}
