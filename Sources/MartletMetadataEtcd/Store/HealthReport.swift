internal import MartletMetadata

/// Asks every member how it is.
struct HealthReport {
    private static let noSpaceAlarm: UInt32 = 1

    let client: EtcdClient

    func make() async -> StoreHealth {
        async let answers = members()
        var health = StoreHealth(kind: "etcd", isAvailable: false, revision: nil, members: [])
        do {
            health.revision = try await client.revision(patience: .zero)
            health.isAvailable = true
        } catch {
            health.troubles.append(error.message)
        }
        // A store that answers no reads would not answer this either.
        let alarms = health.isAvailable ? await alarms(&health) : []
        for (id, var member) in await answers {
            for alarm in alarms where alarm.memberID == id { member.troubles.append(Self.text(alarm)) }
            health.members.append(member)
        }
        return health
    }

    /// In the order of the endpoints, each with etcd's id of the member; 0 when it does not answer.
    private func members() async -> [(id: UInt64, member: StoreHealth.Member)] {
        await withTaskGroup(of: (Int, UInt64, StoreHealth.Member).self) { group in
            for (index, member) in client.members.enumerated() {
                group.addTask {
                    let (id, health) = await status(member)
                    return (index, id, health)
                }
            }
            var found: [(Int, UInt64, StoreHealth.Member)] = []
            for await each in group { found.append(each) }
            return found.sorted { $0.0 < $1.0 }.map { (id: $0.1, member: $0.2) }
        }
    }

    private func status(_ member: EtcdMember) async -> (UInt64, StoreHealth.Member) {
        var health = StoreHealth.Member(name: "\(member.endpoint)", isReachable: false, isLeader: false)
        do {
            let status = try await client.attempt(member, EtcdMethods.status, StatusRequest(), client.callTimeout)
            let id = status.header?.memberID ?? 0
            health.isReachable = true
            health.isLeader = status.leader != 0 && status.leader == id
            health.version = status.version
            health.sizeBytes = status.dbSize
            health.usedBytes = status.dbSizeInUse
            if status.leader == 0 {
                health.troubles.append("has no leader: a majority of etcd's members must run and reach each other")
            }
            return (id, health)
        } catch {
            health.troubles.append(MetadataError(etcd: error, at: member.endpoint).message)
            return (0, health)
        }
    }

    private func alarms(_ health: inout StoreHealth) async -> [AlarmMember] {
        do {
            let alarms = try await client.call(EtcdMethods.alarm, AlarmRequest(), patience: .zero).response.alarms
            if alarms.contains(where: { $0.alarm == Self.noSpaceAlarm }) {
                health.troubles.append(
                    "etcd takes no more writes: compact and defragment it or raise its --quota-backend-bytes, then run "
                        + "`etcdctl alarm disarm`")
            }
            return alarms
        } catch {
            health.troubles.append(error.message)
            return []
        }
    }

    private static func text(_ alarm: AlarmMember) -> String {
        switch alarm.alarm {
        case noSpaceAlarm: "is full (NOSPACE alarm)"
        case 2: "has a corrupt file (CORRUPT alarm): replace this member"
        default: "has raised alarm \(alarm.alarm)"
        }
    }
}
