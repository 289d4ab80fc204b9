import Foundation
import Martlet
import MartletCore
import MartletHosts
import MartletTestSupport

/// What is done to whom.
struct Attack: CustomStringConvertible, Sendable {
    enum Fault: String, CaseIterable, Sendable {
        case kill, pause, cut, oneWayCut = "one-way cut", slowLink = "slow link", drain
        case rollingRestart = "rolling restart", etcdLeaderKill = "etcd leader kill", etcdPause = "etcd pause"
        case diskFull = "disk full"
    }

    enum Target: String, CaseIterable, Sendable {
        case leader, follower, controller, majority, all
    }

    var fault: Fault
    var target: Target
    /// How long it lasts.
    var time: Duration

    var description: String { "\(fault.rawValue), \(target.rawValue)" }

    /// Faults of etcd, and those that go from broker to broker, have no other target.
    static func draw(using random: inout some RandomNumberGenerator) -> Attack {
        let fault = Fault.allCases.randomElement(using: &random) ?? .kill
        let targets: [Target] =
            switch fault {
            case .rollingRestart, .etcdLeaderKill, .etcdPause: [.all]
            case .drain: [.leader, .follower, .controller]
            case .kill, .pause, .cut, .oneWayCut, .slowLink, .diskFull: Target.allCases
            }
        let time = Duration.milliseconds(Int.random(in: 2_000...6_000, using: &random))
        return Attack(fault: fault, target: targets.randomElement(using: &random) ?? .all, time: time)
    }
}

/// Carries attacks out, and takes them back. Used by one task at a time.
struct Nemesis {
    let arena: Arena
    /// Whose leader, follower and the like are meant.
    let partition: TopicPartition

    /// Returns once everything is as it was before; that the cluster has recovered is for others to see.
    func carryOut(_ attack: Attack, using random: inout some RandomNumberGenerator) async throws {
        switch attack.fault {
        case .etcdLeaderKill: return try await killEtcdLeader(attack.time)
        case .etcdPause: return try await pauseEtcd(attack.time)
        case .rollingRestart: return try await restartAll()
        case .kill, .pause, .cut, .oneWayCut, .slowLink, .drain, .diskFull: break
        }
        let victims = try await victims(attack.target, using: &random)
        for victim in victims { try await begin(attack.fault, victim) }
        try await Task.sleep(for: attack.time)
        for victim in victims { try await end(attack.fault, victim) }
    }

    private func victims(
        _ target: Attack.Target, using random: inout some RandomNumberGenerator
    ) async throws -> [BrokerID] {
        let (leader, controller) = try await arena.admin { admin in
            let leader = try await admin.describeTopic(partition.topic).partitions[Int(partition.partition)].leader
            return (leader ?? Arena.brokerIDs[0], try await admin.clusterOverview().controller ?? Arena.brokerIDs[0])
        }
        switch target {
        case .leader: return [leader]
        case .follower: return Arena.brokerIDs.filter { $0 != leader }.randomElement(using: &random).map { [$0] } ?? []
        case .controller: return [controller]
        case .majority: return Array(Arena.brokerIDs.shuffled(using: &random).prefix(2))
        case .all: return Arena.brokerIDs
        }
    }

    private func begin(_ fault: Attack.Fault, _ id: BrokerID) async throws {
        let broker = try arena.broker(id)
        switch fault {
        case .kill: await broker.process.kill()
        case .pause: broker.process.signal(SIGSTOP)
        case .cut:
            for other in arena.others(than: broker.host) {
                try arena.network.block(broker.host, other)
                try arena.network.block(other, broker.host)
            }
        case .oneWayCut:
            // It hears everybody, and nobody hears it.
            for other in arena.others(than: broker.host) { try arena.network.block(broker.host, other) }
        case .slowLink: try arena.network.slow(broker.host)
        case .drain: try await arena.admin { try await $0.drainBroker(id) }
        case .diskFull: try arena.fillDisk(of: broker)
        case .rollingRestart, .etcdLeaderKill, .etcdPause: break
        }
    }

    private func end(_ fault: Attack.Fault, _ id: BrokerID) async throws {
        let broker = try arena.broker(id)
        switch fault {
        case .kill: try broker.restart()
        case .pause: broker.process.signal(SIGCONT)
        case .cut:
            for other in arena.others(than: broker.host) {
                // Two victims have cut each other off twice.
                try? arena.network.unblock(broker.host, other)
                try? arena.network.unblock(other, broker.host)
            }
        case .oneWayCut:
            for other in arena.others(than: broker.host) { try arena.network.unblock(broker.host, other) }
        case .slowLink: try arena.network.unslow(broker.host)
        case .drain: try await arena.admin { try await $0.drainBroker(id, cancel: true) }
        case .diskFull: try arena.emptyDisk(of: broker)
        case .rollingRestart, .etcdLeaderKill, .etcdPause: break
        }
    }

    /// Each broker stops cleanly, and comes back before the next one goes.
    private func restartAll() async throws {
        for id in Arena.brokerIDs {
            let broker = try arena.broker(id)
            broker.process.signal(SIGTERM)
            let end = try await broker.process.waitUntilEnded()
            guard end == .exited(0) else { throw TestFailure("a clean stop ended with \(end)\n\(broker.lastWords)") }
            try broker.restart()
            try await arena.waitUntilHealthy(within: .seconds(60))
        }
    }

    private func killEtcdLeader(_ time: Duration) async throws {
        let leader = try await EtcdMembers.leader(of: arena.etcd)
        await leader.process.kill()
        try await Task.sleep(for: time)
        try leader.restart()
    }

    private func pauseEtcd(_ time: Duration) async throws {
        for member in arena.etcd { member.process.signal(SIGSTOP) }
        try await Task.sleep(for: time)
        for member in arena.etcd { member.process.signal(SIGCONT) }
    }
}

/// What etcd's members say of themselves.
enum EtcdMembers {
    static func leader(of members: [Node]) async throws -> Node {
        for node in members where node.isRunning {
            let status = try ChildProcess(
                "/usr/bin/env",
                [
                    "ETCDCTL_API=3", "etcdctl", "--endpoints", "http://\(node.host.address):2379", "--write-out",
                    "fields", "endpoint", "status",
                ])
            _ = try await status.waitUntilEnded()
            let fields = status.output.text.split(separator: "\n").reduce(into: [String: String]()) { all, line in
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2 { all[parts[0].filter { $0 != " " }] = parts[1].filter { $0 != " " } }
            }
            if let id = fields["\"MemberID\""], id == fields["\"Leader\""] { return node }
        }
        throw TestFailure("no member of etcd says that it leads")
    }
}
