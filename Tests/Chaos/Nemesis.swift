import Foundation
import Martlet
import MartletCore
import MartletHosts
import MartletTestSupport

/// Carries attacks out, and takes them back. Used by one task at a time.
struct Nemesis {
    let arena: Arena
    /// Whose leader, follower and the like are meant.
    let partition: TopicPartition

    /// Returns once everything is as it was before; that the cluster has recovered is for others to see. Throws when the
    /// attack cannot be made.
    func carryOut(_ attack: Attack, using random: inout some RandomNumberGenerator) async throws {
        switch attack.fault {
        case .etcdLeaderKill: return try await killEtcdLeader(attack.time)
        case .etcdPause: return try await pauseEtcd(attack.target, attack.time, using: &random)
        case .kill, .pause, .cut, .oneWayCut, .slowLink, .drain, .rollingRestart, .diskFull: break
        }
        let victims = try await victims(attack.target, using: &random)
        Timeline.note("hits brokers \(victims)")
        switch attack.fault {
        case .rollingRestart: return try await restart(victims)
        case .cut, .oneWayCut: return try await cut(try links(attack, victims), attack.time)
        case .kill, .pause, .slowLink, .drain, .diskFull, .etcdLeaderKill, .etcdPause: break
        }
        let fullDisks = try victims.map { try arena.broker($0).fullDisks }
        for victim in victims { try await begin(attack.fault, victim) }
        if attack.fault == .diskFull { try await expectFull(victims, fullDisks) }
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
        case .slowLink: try arena.network.slow(broker.host)
        case .drain: try await arena.admin { try await $0.drainBroker(id) }
        case .diskFull: try arena.fillDisk(of: broker)
        case .cut, .oneWayCut, .rollingRestart, .etcdLeaderKill, .etcdPause: break
        }
    }

    /// Waits until one of the brokers has found no room once more than before: where most disks are full writes stop before
    /// the others have used up what they had taken ahead.
    private func expectFull(_ ids: [BrokerID], _ before: [Int]) async throws {
        let brokers = try ids.map { try arena.broker($0) }
        let deadline = ContinuousClock.now + .seconds(30)
        while zip(brokers, before).allSatisfy({ $0.fullDisks <= $1 }) {
            guard ContinuousClock.now < deadline else {
                throw TestFailure("brokers \(ids) have room on disks that were filled")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func end(_ fault: Attack.Fault, _ id: BrokerID) async throws {
        let broker = try arena.broker(id)
        switch fault {
        case .kill: try broker.restart()
        case .pause: broker.process.signal(SIGCONT)
        case .slowLink: try arena.network.unslow(broker.host)
        case .drain: try await arena.admin { try await $0.drainBroker(id, cancel: true) }
        case .diskFull: try arena.emptyDisk(of: broker)
        case .cut, .oneWayCut, .rollingRestart, .etcdLeaderKill, .etcdPause: break
        }
    }

    /// Each broker stops cleanly, and comes back before the next one goes.
    private func restart(_ victims: [BrokerID]) async throws {
        for id in victims {
            let broker = try arena.broker(id)
            broker.process.signal(SIGTERM)
            let end = try await broker.process.waitUntilEnded()
            guard end == .exited(0) else { throw TestFailure("a clean stop ended with \(end)\n\(broker.lastWords)") }
            try broker.restart()
            try await arena.waitUntilHealthy(within: .seconds(60))
        }
    }

    // MARK: Links

    /// What one host sends to another.
    private struct Link: Hashable {
        var from: Network.Host
        var to: Network.Host
    }

    private func links(_ attack: Attack, _ victims: [BrokerID]) throws -> Set<Link> {
        var links: Set<Link> = []
        for id in victims {
            let victim = try arena.broker(id).host
            for other in arena.hosts(attack.peers) where other != victim {
                let (sending, receiving) = (Link(from: victim, to: other), Link(from: other, to: victim))
                if attack.fault == .cut || attack.direction == .sending { links.insert(sending) }
                if attack.fault == .cut || attack.direction == .receiving { links.insert(receiving) }
            }
        }
        return links
    }

    private func cut(_ links: Set<Link>, _ time: Duration) async throws {
        for link in links { try arena.network.block(link.from, link.to) }
        try await Task.sleep(for: time)
        for link in links { try arena.network.unblock(link.from, link.to) }
    }

    // MARK: etcd

    private func killEtcdLeader(_ time: Duration) async throws {
        let leader = try await EtcdMembers.leader(of: arena.etcd)
        Timeline.note("hits \(leader.name)")
        await leader.process.kill()
        try await Task.sleep(for: time)
        try leader.restart()
    }

    private func pauseEtcd(
        _ target: Attack.Target, _ time: Duration, using random: inout some RandomNumberGenerator
    ) async throws {
        let leader = try await EtcdMembers.leader(of: arena.etcd)
        let victims =
            switch target {
            case .leader, .controller: [leader]
            case .follower: Array(arena.etcd.filter { $0 !== leader }.shuffled(using: &random).prefix(1))
            case .majority: Array(arena.etcd.shuffled(using: &random).prefix(2))
            case .all: arena.etcd
            }
        Timeline.note("hits \(victims.map(\.name))")
        for member in victims { member.process.signal(SIGSTOP) }
        try await Task.sleep(for: time)
        for member in victims { member.process.signal(SIGCONT) }
    }
}

/// What etcd's members say of themselves.
enum EtcdMembers {
    /// Asks until there is one: after a fault the members elect first.
    static func leader(of members: [Node]) async throws -> Node {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            for node in members where node.isRunning {
                if try await leads(node) { return node }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw TestFailure("no member of etcd says that it leads")
    }

    private static func leads(_ node: Node) async throws -> Bool {
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
        guard let id = fields["\"MemberID\""] else { return false }
        return id == fields["\"Leader\""]
    }
}
