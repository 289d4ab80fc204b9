import ArgumentParser
import Foundation
import Martlet
import MartletCore
import MartletTestSupport
import TestSeeds

/// Breaks a real cluster in every way it can, by a seed, and looks for a record that was lost, repeated, moved or made up.
@main
struct Chaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "MartletChaos",
        abstract:
            "Breaks a cluster of three brokers and three etcd members in network namespaces, and checks its promises.",
        discussion:
            "Needs root, `ip`, `tc` and etcd. MARTLET_BINARY names the broker; by default the one built beside this.")

    @Option(help: "Replays a run's attacks.")
    var seed: UInt64 = .random(in: 0 ... .max)

    @Option(help: "Attacks are begun for so many seconds; healing and checking come on top.")
    var seconds = 300

    @Flag(help: "For a run so short that little may happen: asks for one election only.")
    var short = false

    private static let topic = RecordedLoad.Topic("chaos", partitions: 3)

    func run() async throws {
        print("seed \(seed), \(seconds) s of attacks")
        let arena = try await Arena()
        do {
            let table = try await play(arena)
            await arena.close()
            print(table)
        } catch {
            let words = (arena.etcd + arena.brokers.sorted { $0.key < $1.key }.map(\.value)).map(\.lastWords)
            await arena.close()
            print(words.joined(separator: "\n"))
            print("seed \(seed) FAILED: \(error)")
            throw ExitCode(1)
        }
    }

    private func play(_ arena: Arena) async throws -> String {
        try await arena.waitUntilHealthy(within: .seconds(60))
        try await arena.admin { admin in
            _ = try await admin.createTopic(Self.topic.name, partitions: Int32(Self.topic.partitions), replicas: 3)
        }
        let load = RecordedLoad(addresses: arena.addresses)
        let readers = RecordedReaders(addresses: arena.addresses, group: "chaos", topics: [Self.topic.name])
        let watcher = Watcher()
        let client = try arena.client()
        let watching = Task { await watcher.watch(Self.topic.name, client) }
        defer { watching.cancel() }
        var table = SummaryTable()
        try await readers.whileRunning(members: 2) {
            try await load.whileRunning(topics: [Self.topic]) {
                try await attack(arena, load, &table)
            }
            let missing = await readers.missing(of: load.acknowledgedOffsets, within: .seconds(60))
            guard missing.isEmpty else {
                throw TestFailure(
                    "acknowledged records that no member of the group was handed: \(missing.mapValues(\.count))")
            }
        }
        try await check(arena, load, readers)
        try judge(watcher.counts)
        return table.text
            + """
            \(load.acknowledged) records acknowledged, \(readers.records) handed to the group, \
            \(watcher.counts.elections) elections, \(watcher.counts.inSyncChanges) changes of in-sync replicas, \
            \(watcher.counts.coordinatorMoves) moves of coordinators. Nothing lost, repeated, reordered or made up; all replicas agree.
            """
    }

    /// One attack after the other until the time is over; after each, writes have to go on and replicas to catch up.
    private func attack(_ arena: Arena, _ load: RecordedLoad, _ table: inout SummaryTable) async throws {
        var random = SeededGenerator(seed: seed)
        let deadline = ContinuousClock.now + .seconds(seconds)
        try await progress(of: load, after: "the start")
        while ContinuousClock.now < deadline {
            let attack = Attack.draw(using: &random)
            let partition = Int32.random(in: 0..<Int32(Self.topic.partitions), using: &random)
            let nemesis = Nemesis(
                arena: arena, partition: TopicPartition(topic: Self.topic.name, partition: partition))
            let (before, start) = (load.acknowledged, ContinuousClock.now)
            try await nemesis.carryOut(attack, using: &random)
            let (during, healed) = (load.acknowledged - before, ContinuousClock.now)
            try await progress(of: load, after: "\(attack)")
            try await arena.waitUntilHealthy(within: .seconds(60))
            let recovery = ContinuousClock.now - healed
            table.add(attack, lasted: healed - start, acknowledged: during, recovery: recovery)
            print("\(attack): \(during) acknowledged meanwhile, whole again after \(recovery)")
        }
    }

    private func progress(of load: RecordedLoad, after what: String) async throws {
        guard await load.waitForAcknowledgements(load.acknowledged + 300, within: .seconds(60)), load.failures.isEmpty
        else { throw TestFailure("after \(what) writes do not go on: \(load.failures)") }
    }

    /// Histories and every replica's log.
    private func check(_ arena: Arena, _ load: RecordedLoad, _ readers: RecordedReaders) async throws {
        guard load.failures.isEmpty else { throw TestFailure("producers were told of failures: \(load.failures)") }
        guard readers.violations.isEmpty else { throw TestFailure("the group has read: \(readers.violations)") }
        let violations = try await load.violations()
        guard violations.isEmpty else { throw TestFailure("the logs break a promise: \(violations)") }
        try await arena.waitUntilHealthy(within: .seconds(60))
        var logs = ReplicaLogs()
        for id in Arena.brokerIDs {
            let broker = try arena.broker(id)
            broker.process.signal(SIGTERM)
            _ = try await broker.process.waitUntilEnded()
        }
        for id in Arena.brokerIDs { try logs.read(id, dataDirectory: "\(try arena.broker(id).directory)/data") }
        let disagreements = logs.disagreements()
        guard disagreements.isEmpty else { throw TestFailure("replicas disagree: \(disagreements.prefix(20))") }
    }

    /// A run that went through too little fails.
    private func judge(_ counts: Watcher.Counts) throws {
        let least =
            short
            ? Watcher.Counts(elections: 1) : Watcher.Counts(elections: 20, inSyncChanges: 10, coordinatorMoves: 5)
        guard counts.elections >= least.elections, counts.inSyncChanges >= least.inSyncChanges,
            counts.coordinatorMoves >= least.coordinatorMoves
        else { throw TestFailure("too little has happened: \(counts); at least \(least) has to") }
    }
}

/// What was done, and how the cluster took it.
struct SummaryTable {
    private var rows: [[String]] = [["attack", "lasted", "acknowledged meanwhile", "whole again after"]]

    mutating func add(_ attack: Attack, lasted: Duration, acknowledged: Int, recovery: Duration) {
        rows.append(["\(attack)", Self.text(lasted), "\(acknowledged)", Self.text(recovery)])
    }

    private static func text(_ duration: Duration) -> String {
        duration.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1)))
    }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ") + "\n"
        }.joined()
    }
}
