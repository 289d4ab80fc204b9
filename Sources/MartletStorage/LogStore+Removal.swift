internal import Logging
package import MartletCore

extension LogStore {
    /// The partitions that have a directory, open or not, with their topics' names (empty where unreadable). Blocks.
    package func partitionsOnDisk() throws(StorageError) -> [TopicIDPartition: String] {
        try StoreLayout(directory).partitions(options.io)
    }

    /// Deletes a partition and its data for good; to be called on a recorded deletion of its topic only (RULES 3).
    /// After a crash it is either there or gone. Leases stay readable. Blocks.
    package func remove(_ id: TopicIDPartition) throws(StorageError) {
        let layout = StoreLayout(directory)
        let path = layout.partitionPath(id)
        takeOut(id, "it was deleted")
        let removed = path + StoreLayout.removedSuffix
        if DirectoryListing.isDirectory(path) { try options.io.rename(path, to: removed) }
        try StoreLayout.removeTree(removed, options.io)
        try layout.removeTopicIfEmpty(id.topicID, options.io)
    }

    /// Moves what the cluster does not know out of the way, where a person finds it. Durable on return. Blocks.
    /// - Returns: where it is now.
    package func setAside(_ id: TopicIDPartition, reason: String) throws(StorageError) -> String {
        let layout = StoreLayout(directory)
        takeOut(id, "it was set aside: \(reason)")
        try options.io.createDirectory(layout.asidePath)
        let stem = "\(layout.asidePath)/\(id)"
        var target = stem
        var number = 1
        while try DirectoryListing.size(target) != nil {
            target = "\(stem).\(number)"
            number += 1
        }
        try options.io.rename(layout.partitionPath(id), to: target)
        options.logger.warning(
            "set a partition aside", metadata: ["from": "\(id)", "to": "\(target)", "reason": "\(reason)"])
        return target
    }

    /// Whether a directory that was set aside is still there; also when that cannot be told.
    package static func isThere(_ path: String) -> Bool {
        do throws(StorageError) {
            return try DirectoryListing.size(path) != nil
        } catch {
            return true
        }
    }

    /// At start: finishes removals that a crash interrupted.
    func finishRemovals() throws(StorageError) {
        let layout = StoreLayout(directory)
        for name in try DirectoryListing.names(layout.logsPath) {
            guard let topicID = TopicID(name) else { continue }
            let path = layout.topicPath(topicID)
            let removed = try DirectoryListing.names(path).filter { $0.hasSuffix(StoreLayout.removedSuffix) }
            for child in removed { try StoreLayout.removeTree("\(path)/\(child)", options.io) }
            try layout.removeTopicIfEmpty(topicID, options.io)
        }
    }

    private func takeOut(_ id: TopicIDPartition, _ reason: String) {
        guard let log = registry.remove(id) else { return }
        log.retire(reason)
        log.releaseFiles()
    }
}

extension StoreLayout {
    /// Removes a partition's directory with its files; missing is fine.
    static func removeTree(_ path: String, _ io: LogIO) throws(StorageError) {
        for name in try DirectoryListing.names(path) { try io.remove("\(path)/\(name)", sync: false) }
        try io.removeDirectory(path)
    }

    /// Removes a topic's directory when no partition is left in it.
    func removeTopicIfEmpty(_ id: TopicID, _ io: LogIO) throws(StorageError) {
        let path = topicPath(id)
        guard DirectoryListing.isDirectory(path) else { return }
        let names = try DirectoryListing.names(path)
        guard names.allSatisfy({ $0 == "topic" }) else { return }
        try io.remove(topicNamePath(id), sync: false)
        try io.removeDirectory(path)
        try io.syncDirectory(logsPath)
    }
}
