internal import MartletCore
internal import MartletMetadata

/// Where records lie in etcd. All keys of a cluster begin with `/martlet/<cluster>/`:
///
///     cluster
///     controller
///     brokers/<id>
///     sessions/<broker id>
///     topics/<name>
///     partitions/<topic id, 32 hexadecimal digits>/<partition, 10 digits>
///     deletions/<topic id>
///     producer-ids
///     defaults
///
/// A value is a ``StoredValue``. Keys of sessions and of the controller go with a lease.
struct KeyLayout: Sendable {
    private let prefixText: String
    /// What all keys of the cluster begin with.
    let prefix: [UInt8]

    init(cluster: String) {
        prefixText = "/martlet/\(cluster)/"
        prefix = Array(prefixText.utf8)
    }

    /// The first key behind all of the cluster's.
    var end: [UInt8] {
        // The prefix ends in a slash, which is followed by a zero.
        prefix.dropLast() + [UInt8(ascii: "/") + 1]
    }

    func key(of key: MetadataKey) -> [UInt8] {
        let name =
            switch key {
            case .cluster: "cluster"
            case .controller: "controller"
            case .broker(let id): "brokers/\(id)"
            case .session(let id): "sessions/\(id)"
            case .topic(let name): "topics/\(name)"
            case .partition(let id): "partitions/\(id.topicID)/\(Self.digits(id.partition))"
            case .deletion(let id): "deletions/\(id)"
            case .producerIDs: "producer-ids"
            case .defaults: "defaults"
            }
        return prefix + Array(name.utf8)
    }

    /// Ten digits sort by number.
    private static func digits(_ partition: PartitionIndex) -> String {
        let digits = String(partition)
        return String(repeating: "0", count: max(0, 10 - digits.utf8.count)) + digits
    }

    /// Reads what ``key(of:)`` wrote. A key that is none of ours is a newer version's, or somebody else's.
    func metadataKey(_ bytes: [UInt8]) throws(MetadataError) -> MetadataKey {
        guard bytes.starts(with: prefix), let name = String(validating: bytes.dropFirst(prefix.count), as: UTF8.self),
            let key = Self.parse(name), self.key(of: key) == bytes
        else {
            throw MetadataError(
                .newerFormat,
                "etcd has the key \(String(decoding: bytes, as: UTF8.self)), which this version does not know; nothing "
                    + "else may write under \(prefixText)")
        }
        return key
    }

    private static func parse(_ name: String) -> MetadataKey? {
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            return switch name {
            case "cluster": .cluster
            case "controller": .controller
            case "producer-ids": .producerIDs
            case "defaults": .defaults
            default: nil
            }
        }
        let rest = parts[1]
        switch parts[0] {
        case "brokers": return BrokerID(rest).map { .broker($0) }
        case "sessions": return BrokerID(rest).map { .session($0) }
        case "topics": return .topic(String(rest))
        case "deletions": return TopicID(rest).map { .deletion($0) }
        case "partitions":
            let ids = rest.split(separator: "/", omittingEmptySubsequences: false)
            guard ids.count == 2, let topic = TopicID(ids[0]), let partition = PartitionIndex(ids[1]) else {
                return nil
            }
            return .partition(TopicIDPartition(topicID: topic, partition: partition))
        default: return nil
        }
    }
}
