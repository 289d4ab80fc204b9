package import HashTreeCollections
package import MartletCore

/// A record and the revision of the transaction that last wrote it.
@dynamicMemberLookup
package struct Versioned<Record: Sendable & Equatable>: Sendable, Equatable {
    package var record: Record
    package var revision: Revision

    package init(_ record: Record, revision: Revision) {
        self.record = record
        self.revision = revision
    }

    package subscript<Value>(dynamicMember path: KeyPath<Record, Value>) -> Value {
        record[keyPath: path]
    }
}

/// All metadata of a cluster at one revision: a plain value. Copies share what they have in common, so that keeping
/// one and changing the other costs O(log n) per change.
package struct ClusterImage: Sendable, Equatable {
    package private(set) var revision: Revision = 0
    package private(set) var cluster: Versioned<ClusterRecord>?
    package private(set) var brokers: TreeDictionary<BrokerID, Versioned<BrokerRecord>> = [:]
    package private(set) var sessions: TreeDictionary<BrokerID, Versioned<SessionRecord>> = [:]
    package private(set) var controller: Versioned<ControllerRecord>?
    package private(set) var topics: TreeDictionary<String, Versioned<TopicRecord>> = [:]
    package private(set) var topicNames: TreeDictionary<TopicID, String> = [:]
    package private(set) var partitions: TreeDictionary<TopicIDPartition, Versioned<PartitionRecord>> = [:]
    package private(set) var deletions: TreeDictionary<TopicID, Versioned<TopicDeletion>> = [:]
    package private(set) var producerIDs: Versioned<ProducerIDCounter>?
    package private(set) var defaults: Versioned<DefaultSettings>?

    package init() {}

    package func topic(_ id: TopicID) -> Versioned<TopicRecord>? {
        topicNames[id].flatMap { topics[$0] }
    }

    /// The revision at which `key` was last written, 0 when it is not there.
    package func revision(of key: MetadataKey) -> Revision {
        switch key {
        case .cluster: cluster?.revision ?? 0
        case .broker(let id): brokers[id]?.revision ?? 0
        case .session(let id): sessions[id]?.revision ?? 0
        case .controller: controller?.revision ?? 0
        case .topic(let name): topics[name]?.revision ?? 0
        case .partition(let id): partitions[id]?.revision ?? 0
        case .deletion(let id): deletions[id]?.revision ?? 0
        case .producerIDs: producerIDs?.revision ?? 0
        case .defaults: defaults?.revision ?? 0
        }
    }

    /// Applies `update`, whose revision is above the image's.
    package mutating func apply(_ update: MetadataUpdate) {
        precondition(update.revision > revision, "update \(update.revision) on an image at revision \(revision)")
        revision = update.revision
        for change in update.changes {
            switch change {
            case .put(let record): put(record, revision: update.revision)
            case .remove(let key): remove(key)
            }
        }
    }

    /// Puts a record back as it was written at `revision`, which may be below the image's: for loading a snapshot.
    package mutating func restore(_ record: MetadataRecord, revision: Revision) {
        put(record, revision: revision)
        self.revision = max(self.revision, revision)
    }

    /// Raises the revision of a loaded image to that of its snapshot.
    package mutating func restore(revision: Revision) {
        self.revision = max(self.revision, revision)
    }

    private mutating func put(_ record: MetadataRecord, revision: Revision) {
        switch record {
        case .cluster(let record): cluster = Versioned(record, revision: revision)
        case .broker(let record): brokers[record.id] = Versioned(record, revision: revision)
        case .session(let record): sessions[record.broker] = Versioned(record, revision: revision)
        case .controller(let record): controller = Versioned(record, revision: revision)
        case .topic(let record): put(record, revision: revision)
        case .partition(let record): partitions[record.id] = Versioned(record, revision: revision)
        case .deletion(let record): deletions[record.id] = Versioned(record, revision: revision)
        case .producerIDs(let record): producerIDs = Versioned(record, revision: revision)
        case .defaults(let record): defaults = Versioned(record, revision: revision)
        }
    }

    private mutating func put(_ topic: TopicRecord, revision: Revision) {
        if let former = topics[topic.name], former.id != topic.id { topicNames[former.id] = nil }
        topics[topic.name] = Versioned(topic, revision: revision)
        topicNames[topic.id] = topic.name
    }

    private mutating func remove(_ key: MetadataKey) {
        switch key {
        case .cluster: cluster = nil
        case .broker(let id): brokers[id] = nil
        case .session(let id): sessions[id] = nil
        case .controller: controller = nil
        case .topic(let name):
            if let topic = topics[name] { topicNames[topic.id] = nil }
            topics[name] = nil
        case .partition(let id): partitions[id] = nil
        case .deletion(let id): deletions[id] = nil
        case .producerIDs: producerIDs = nil
        case .defaults: defaults = nil
        }
    }
}

extension ClusterImage {
    /// How many records the image holds.
    package var recordCount: Int {
        brokers.count + sessions.count + topics.count + partitions.count + deletions.count
            + (cluster == nil ? 0 : 1) + (controller == nil ? 0 : 1) + (producerIDs == nil ? 0 : 1)
            + (defaults == nil ? 0 : 1)
    }

    /// Visits every record with the revision that wrote it, in no particular order.
    package func forEachRecord(_ body: (MetadataRecord, Revision) throws -> Void) rethrows {
        if let cluster { try body(.cluster(cluster.record), cluster.revision) }
        for value in brokers.values { try body(.broker(value.record), value.revision) }
        for value in sessions.values { try body(.session(value.record), value.revision) }
        if let controller { try body(.controller(controller.record), controller.revision) }
        for value in topics.values { try body(.topic(value.record), value.revision) }
        for value in partitions.values { try body(.partition(value.record), value.revision) }
        for value in deletions.values { try body(.deletion(value.record), value.revision) }
        if let producerIDs { try body(.producerIDs(producerIDs.record), producerIDs.revision) }
        if let defaults { try body(.defaults(defaults.record), defaults.revision) }
    }
}
