internal import MartletCore

/// The paths in a data directory.
struct StoreLayout {
    let directory: String

    init(_ directory: String) {
        self.directory = directory
    }

    var lockPath: String { "\(directory)/.lock" }
    var identityPath: String { "\(directory)/meta" }
    var offsetsPath: String { "\(directory)/\(Checkpointer.fileName)" }
    var logsPath: String { "\(directory)/logs" }
    var asidePath: String { "\(directory)/aside" }

    func topicPath(_ id: TopicID) -> String { "\(logsPath)/\(id)" }
    func partitionPath(_ id: TopicIDPartition) -> String { "\(topicPath(id.topicID))/\(id.partition)" }
    func topicNamePath(_ id: TopicID) -> String { "\(topicPath(id))/topic" }

    /// A partition that is being removed, until its files are gone.
    static let removedSuffix = ".removed"

    static let topicNameVersion: UInt32 = 1

    /// The data directory with those above it, and the directory of logs. Durable on return.
    func createDirectories(_ io: LogIO) throws(StorageError) {
        var path = directory.hasPrefix("/") ? "" : "."
        for part in directory.split(separator: "/") {
            path += "/\(part)"
            if !DirectoryListing.isDirectory(path) { try io.createDirectory(path) }
        }
        try io.createDirectory(logsPath)
    }

    /// A partition's directory, with its topic's when that is new. Durable on return.
    func createPartition(_ id: TopicIDPartition, topic: String, _ io: LogIO) throws(StorageError) {
        try io.createDirectory(topicPath(id.topicID))
        if try DirectoryListing.size(topicNamePath(id.topicID)) == nil {
            try io.writeCheckpoint(topicNamePath(id.topicID), version: Self.topicNameVersion, Array(topic.utf8))
        }
        try io.createDirectory(partitionPath(id))
    }

    /// The partitions whose directories exist, with the name of each topic as far as it can be read.
    func partitions(_ io: LogIO) throws(StorageError) -> [TopicIDPartition: String] {
        var found: [TopicIDPartition: String] = [:]
        for name in try DirectoryListing.names(logsPath) {
            guard let topicID = TopicID(name) else { continue }
            let topic = try topicName(topicID, io)
            for child in try DirectoryListing.names(topicPath(topicID)) {
                guard let partition = PartitionIndex(child), partition >= 0, "\(partition)" == child else { continue }
                found[TopicIDPartition(topicID: topicID, partition: partition)] = topic
            }
        }
        return found
    }

    private func topicName(_ id: TopicID, _ io: LogIO) throws(StorageError) -> String {
        let path = topicNamePath(id)
        do throws(StorageError) {
            let file = try io.readCheckpoint(path, newest: Self.topicNameVersion, limitBytes: 1 << 16)
            return file.map { String(decoding: $0.content, as: UTF8.self) } ?? ""
        } catch  where error.code == .corrupt {
            // The name is for people; the identity is in the path.
            return ""
        }
    }
}
