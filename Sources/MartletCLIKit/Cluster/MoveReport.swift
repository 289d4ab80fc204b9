internal import Martlet
internal import MartletCore

/// Replicas that are moving, with what their brokers say of them.
struct MoveReport: Equatable {
    var progress: ReassignmentProgress
    /// What the brokers that copy have still to get, over all of them; nil: not all could be asked.
    var recordsLeft: Int64?

    /// With what copying may take, in bytes a second on each broker; nil: the cluster as a whole sets no limit.
    static func make(_ admin: Admin) async throws -> (reports: [MoveReport], throttle: Int?) {
        let (moving, throttle) = try await admin.reassignments()
        guard !moving.isEmpty else { return ([], throttle) }
        let wanted = Set(moving.map(\.move.topicPartition))
        var found: [TopicPartition: [BrokerID: ReplicaInfo]] = [:]
        for broker in Set(moving.flatMap { $0.move.target + $0.move.replicas }) {
            for replica in (try? await admin.replicas(on: broker)) ?? [] where wanted.contains(replica.topicPartition) {
                found[replica.topicPartition, default: [:]][broker] = replica
            }
        }
        let reports = moving.map { make($0, replicas: found[$0.move.topicPartition] ?? [:]) }
            .sorted { $0.progress.move.topicPartition < $1.progress.move.topicPartition }
        return (reports, throttle)
    }

    static func make(_ progress: ReassignmentProgress, replicas: [BrokerID: ReplicaInfo]) -> MoveReport {
        guard let end = replicas.values.map(\.logEnd).max() else { return MoveReport(progress: progress) }
        var left: Int64 = 0
        for broker in progress.waitingFor {
            guard let replica = replicas[broker] else { return MoveReport(progress: progress) }
            left += max(0, end - max(replica.logEnd, replicas.values.map(\.logStart).min() ?? 0))
        }
        return MoveReport(progress: progress, recordsLeft: left)
    }

    var json: String {
        var object = JSONObject()
        object.add("topic", progress.move.topicPartition.topic)
        object.add("partition", progress.move.topicPartition.partition)
        object.add("replicas", numbers: progress.move.replicas)
        object.add("target", numbers: progress.move.target)
        object.add("in_sync_replicas", numbers: progress.inSyncReplicas)
        object.add("waiting_for", numbers: progress.waitingFor)
        object.add("records_left", recordsLeft)
        return object.line()
    }
}
