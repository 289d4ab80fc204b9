internal import HashTreeCollections
internal import MartletCore
package import MartletMetadata

/// As many changes of in-sync sets as one transaction takes: all of them are committed, or none. Pure.
package struct InSyncBatch {
    package private(set) var transaction = MetadataTransaction()
    /// The changes in it, by their indexes among those that were given. At most one of a partition.
    package private(set) var members: [Int] = []
    /// Those that cannot be committed any more, as the image says.
    package private(set) var overtaken: [Int] = []
    private let changes: [InSyncChange]

    /// Takes those of `changes` that are `waiting`, in that order, as far as they fit.
    package init(_ changes: [InSyncChange], _ waiting: [Int], image: ClusterImage, keysMax: Int) {
        self.changes = changes
        var conditions: Set<MetadataTransaction.Condition> = []
        var partitions: Set<TopicIDPartition> = []
        for index in waiting where !partitions.contains(changes[index].id) {
            guard let one = changes[index].transaction(image) else {
                overtaken.append(index)
                continue
            }
            // Most name the same registrations.
            let new = one.conditions.filter { !conditions.contains($0) }
            let conditionsCount = transaction.conditions.count + new.count
            guard transaction.changes.count < keysMax,
                members.isEmpty || conditionsCount <= keysMax + MetadataTransaction.extraConditionsMax
            else { break }
            conditions.formUnion(new)
            partitions.insert(changes[index].id)
            transaction.conditions += new
            transaction.changes += one.changes
            members.append(index)
        }
    }

    /// The members that cannot be committed where `key` is not as the transaction wants it: one of them at least.
    package func members(wanting key: MetadataKey) -> [Int] {
        let affected = members.filter { index in
            let change = changes[index]
            switch key {
            case .partition(let id): return change.id == id
            case .broker(let id): return change.leader.broker == id || change.added.contains { $0.broker == id }
            default: return false
            }
        }
        return affected.isEmpty ? members : affected
    }
}
