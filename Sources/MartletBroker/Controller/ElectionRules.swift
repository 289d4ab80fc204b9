internal import MartletCore
internal import MartletMetadata

/// What a topic's settings say about electing leaders.
struct ElectionRules: Sendable, Equatable {
    var minInSyncReplicas: Int
    /// Rather lose records than wait for a replica that has them.
    var allowsUnclean: Bool

    init(minInSyncReplicas: Int, allowsUnclean: Bool = false) {
        self.minInSyncReplicas = minInSyncReplicas
        self.allowsUnclean = allowsUnclean
    }

    /// Reads the two settings alone: values were checked when they were set, and one that cannot be read counts as not
    /// set. `replicas` is how many a partition of the topic has.
    init(_ own: [String: String], defaults: [String: String], replicas: Int) {
        func value(_ name: String) -> String? { own[name] ?? defaults[name] }
        minInSyncReplicas =
            value(TopicSettings.minInSyncReplicasName).flatMap { Int($0) }
            ?? TopicSettings.minInSyncReplicasDefault(replicas: replicas)
        allowsUnclean = value(TopicSettings.uncleanElectionName) == "true"
    }
}
