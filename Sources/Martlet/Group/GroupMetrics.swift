internal import Metrics

/// What a member of a group counts, beside ``ConsumerMetrics``; the dimensions are `client`, the client's name, and
/// `group`.
///
/// | name | what |
/// |---|---|
/// | `martlet_consumer_joins_total` | memberships begun |
/// | `martlet_consumer_losses_total` | memberships lost: fenced, not answered for a session timeout, or left because the application stood still |
/// | `martlet_consumer_partitions_committed_total` | offsets of partitions that were kept |
/// | `martlet_consumer_commits_failed_total` | offsets of partitions that were not kept |
/// | `martlet_consumer_group_calls_failed_total` | calls to the coordinator without a usable answer |
struct GroupMetrics: Sendable {
    private let joins: Counter
    private let losses: Counter
    private let committed: Counter
    private let commitsFailed: Counter
    private let callsFailed: Counter

    init(clientName: String, group: String) {
        let dimensions = [("client", clientName), ("group", group)]
        joins = Counter(label: "martlet_consumer_joins_total", dimensions: dimensions)
        losses = Counter(label: "martlet_consumer_losses_total", dimensions: dimensions)
        committed = Counter(label: "martlet_consumer_partitions_committed_total", dimensions: dimensions)
        commitsFailed = Counter(label: "martlet_consumer_commits_failed_total", dimensions: dimensions)
        callsFailed = Counter(label: "martlet_consumer_group_calls_failed_total", dimensions: dimensions)
    }

    func count(_ notice: GroupNotice) {
        switch notice {
        case .joined: joins.increment()
        case .lost, .stuck: losses.increment()
        case .committed(let partitions): committed.increment(by: partitions)
        case .commitFailed(_, let partitions): commitsFailed.increment(by: partitions)
        case .heartbeatFailed: callsFailed.increment()
        }
    }
}
