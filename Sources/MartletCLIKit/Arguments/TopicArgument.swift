internal import ArgumentParser
internal import Martlet

extension [String] {
    /// The values of a repeated `name=value` option.
    func assignments(_ option: String) throws -> [Assignment] {
        try map { text in
            guard let assignment = Assignment(text) else {
                throw ValidationError("\(option): '\(text)' is not an assignment: write name=value")
            }
            return assignment
        }
    }
}

extension [Assignment] {
    /// By name; the last one wins.
    var dictionary: [String: String] {
        Dictionary(map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }
}

extension TopicInfo {
    /// Throws unless the topic has the partition.
    func require(_ partition: PartitionIndex) throws(CommandFailure) {
        guard !partitions.indices.contains(Int(partition)) else { return }
        throw .failed(
            partitions.count == 1
                ? "topic \(name) has only partition 0, no partition \(partition)"
                : "topic \(name) has partitions 0 to \(partitions.count - 1), no partition \(partition)")
    }
}
