internal import Martlet
internal import MartletCore

/// A cluster as one broker tells it, and what each broker that is up tells of itself.
struct ClusterSurvey: Sendable {
    var overview: ClusterOverview
    /// Of brokers that answered.
    var statuses: [BrokerID: BrokerStatus] = [:]
    /// Of partitions in trouble, on brokers that answered.
    var replicas: [TopicPartition: [BrokerID: ReplicaInfo]] = [:]
    /// Why a broker that should be up did not answer.
    var silent: [BrokerID: String] = [:]

    /// Nothing is wrong that somebody has to see to: no broker is down, no disk full, no partition offline, damaged or not wholly in
    /// sync, and the metadata store is there. Directories that were set aside are no trouble.
    var isHealthy: Bool {
        overview.troubled.isEmpty && overview.store.isAvailable && silent.isEmpty
            && overview.brokers.allSatisfy { $0.isAlive && !$0.isFenced }
            && statuses.values.allSatisfy { !$0.isDiskFull && $0.troubles.allSatisfy(\.isNote) }
    }

    /// What a replica has still to get of what its leader has; nil: one of the two did not say.
    func recordsMissing(_ partition: TroubledPartition, _ broker: BrokerID) -> Int64? {
        let known = replicas[partition.topicPartition]
        guard let leader = partition.leader.flatMap({ known?[$0] }), let replica = known?[broker] else { return nil }
        return leader.recordsMissing(at: replica.logEnd)
    }

    /// Asks all brokers that are up at the same time; one that does not answer costs its time, not the others' answers.
    static func make(_ admin: Admin) async throws -> ClusterSurvey {
        var survey = ClusterSurvey(overview: try await admin.clusterOverview())
        let topics = Set(survey.overview.troubled.map(\.topicID))
        let troubled = Set(survey.overview.troubled.map(\.topicPartition))
        let alive = survey.overview.brokers.filter(\.isAlive).map(\.broker.id)
        let answers = await withTaskGroup(of: (BrokerID, Answer).self) { group in
            for id in alive {
                group.addTask { (id, await ask(id, admin, topics)) }
            }
            return await group.reduce(into: [BrokerID: Answer]()) { $0[$1.0] = $1.1 }
        }
        for (id, answer) in answers {
            switch answer {
            case .failure(let error):
                survey.silent[id] = "\(error)"
            case .success(let (status, replicas)):
                survey.statuses[id] = status
                for replica in replicas where troubled.contains(replica.topicPartition) {
                    survey.replicas[replica.topicPartition, default: [:]][id] = replica
                }
            }
        }
        return survey
    }

    private typealias Answer = Result<(BrokerStatus, [ReplicaInfo]), MartletError>

    private static func ask(_ broker: BrokerID, _ admin: Admin, _ topics: Set<TopicID>) async -> Answer {
        do throws(MartletError) {
            let status = try await admin.brokerStatus(broker)
            let replicas = topics.isEmpty ? [] : try await admin.replicas(on: broker, of: Array(topics))
            return .success((status, replicas))
        } catch {
            return .failure(error)
        }
    }
}
