package import MartletCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What a path under a data directory holds, looked at without a store: for `martlet log`. Reads names only.
package struct OfflineDirectory: Sendable {
    /// The data directory; nil when the path does not lie in one.
    package let root: String?
    /// By topic and number.
    package let partitions: [OfflinePartition]
    /// The path names this one segment of the partition; its others are left out.
    package let segment: Offset?

    /// `path`: a data directory, its `logs`, a topic's or a partition's directory, or a segment's `.log` file. Blocks.
    package init(_ path: String) throws(StorageError) {
        let path = try Self.absolute(path)
        var only: Offset?
        if !DirectoryListing.isDirectory(path) {
            let (parent, name) = Self.split(path)
            guard case .log(let base) = SegmentFiles.kind(name) else {
                throw StorageError(.notFound, "\(path) is no segment: those are named by 20 digits and .log")
            }
            only = base
            root = Self.root(ofPartition: parent)
            partitions = [try OfflinePartition(parent, only: base)]
        } else if DirectoryListing.isDirectory("\(path)/logs") {
            root = path
            partitions = try Self.partitions(inLogs: "\(path)/logs")
        } else if Self.split(path).name == "logs" {
            root = Self.split(path).parent
            partitions = try Self.partitions(inLogs: path)
        } else if TopicID(Self.split(path).name) != nil {
            root = Self.split(Self.split(path).parent).parent
            partitions = try Self.partitions(inTopic: path)
        } else {
            let partition = try OfflinePartition(path, only: nil)
            guard !partition.segments.isEmpty || partition.id != nil else {
                throw StorageError(
                    .notFound,
                    "\(path) is no data directory, nor a topic's or a partition's: there is no logs/ and no segment in it"
                )
            }
            root = Self.root(ofPartition: path)
            partitions = [partition]
        }
        segment = only
    }

    private static func absolute(_ path: String) throws(StorageError) -> String {
        guard let resolved = realpath(path, nil) else { throw StorageError(errno: errno, cannot: "look at \(path)") }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    static func split(_ path: String) -> (parent: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    /// The data directory above a partition's, when it lies in one.
    private static func root(ofPartition path: String) -> String? {
        let topic = split(path).parent
        let logs = split(topic).parent
        return TopicID(split(topic).name) != nil && split(logs).name == "logs" ? split(logs).parent : nil
    }

    private static func partitions(inLogs path: String) throws(StorageError) -> [OfflinePartition] {
        var found: [OfflinePartition] = []
        for name in try DirectoryListing.names(path) where TopicID(name) != nil {
            found += try partitions(inTopic: "\(path)/\(name)")
        }
        return found.sorted { ($0.topic, $0.partition ?? -1) < ($1.topic, $1.partition ?? -1) }
    }

    private static func partitions(inTopic path: String) throws(StorageError) -> [OfflinePartition] {
        var found: [OfflinePartition] = []
        for name in try DirectoryListing.names(path) where OfflinePartition.number(name) != nil {
            found.append(try OfflinePartition("\(path)/\(name)", only: nil))
        }
        return found.sorted { ($0.partition ?? -1) < ($1.partition ?? -1) }
    }
}

/// A partition's directory.
package struct OfflinePartition: Sendable {
    package let directory: String
    /// The topic's name; empty when it cannot be told.
    package let topic: String
    /// Nil when the directory does not lie in a topic's.
    package let topicID: TopicID?
    package let partition: PartitionIndex?
    /// Base offsets, rising.
    package let segments: [Offset]
    /// Files of a compaction that was interrupted; the next start finishes or undoes it.
    package let leftovers: [String]

    init(_ directory: String, only base: Offset?) throws(StorageError) {
        self.directory = directory
        let (parent, name) = OfflineDirectory.split(directory)
        topicID = TopicID(OfflineDirectory.split(parent).name)
        partition = topicID == nil ? nil : Self.number(name)
        topic = Self.topicName("\(parent)/topic")
        var segments: [Offset] = []
        var leftovers: [String] = []
        for name in try DirectoryListing.names(directory) {
            switch SegmentFiles.kind(name) {
            case .log(let found): if base == nil || base == found { segments.append(found) }
            case .cleaned, .swap: leftovers.append(name)
            case .index, .other: break
            }
        }
        self.segments = segments
        self.leftovers = leftovers
    }

    /// Whether the segment that was asked for, or some segment, makes this a partition.
    package var id: TopicIDPartition? {
        guard let topicID, let partition else { return nil }
        return TopicIDPartition(topicID: topicID, partition: partition)
    }

    /// "orders-3", or where it lies when its name cannot be told.
    package var name: String {
        guard let partition, !topic.isEmpty else { return directory }
        return "\(TopicPartition(topic: topic, partition: partition))"
    }

    package func path(_ base: Offset) -> String { "\(directory)/\(SegmentFiles.stem(base)).log" }

    static func number(_ name: String) -> PartitionIndex? {
        guard let number = PartitionIndex(name), number >= 0, "\(number)" == name else { return nil }
        return number
    }

    /// The name is for people only: a file that cannot be read gives none.
    private static func topicName(_ path: String) -> String {
        let file = try? LogIO.system.readCheckpoint(path, newest: StoreLayout.topicNameVersion, limitBytes: 1 << 16)
        return file.map { String(decoding: $0.content, as: UTF8.self) } ?? ""
    }
}
