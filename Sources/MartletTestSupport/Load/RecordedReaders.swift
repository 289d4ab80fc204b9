package import Logging
internal import Martlet
package import MartletCore

/// A group of consumers at work, and a record of everything that they were handed. Any thread.
package final class RecordedReaders: Sendable {
    private struct Ledger: Sendable {
        var read: [TopicPartition: [Offset: HistoryChecker.RecordID]] = [:]
        /// What no member may ever see.
        var violations: [String] = []
        var records = 0
        var assignments = 0
    }

    private let addresses: [String]
    private let group: String
    private let topics: [String]
    private let logger: Logger
    private let ledger = Watched(Ledger())

    /// `logger`: what the members have to say.
    package init(addresses: [String], group: String, topics: [String], logger: Logger = .quiet) {
        self.addresses = addresses
        self.group = group
        self.topics = topics
        self.logger = logger
    }

    /// Records handed to members so far, those that came again included.
    package var records: Int { ledger.value.records }
    /// How often a member was given partitions.
    package var assignments: Int { ledger.value.assignments }

    /// Runs `body` while `members` consumers share the topics' partitions.
    package func whileRunning<Result>(members: Int, _ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<members { group.addTask { try await self.run() } }
            let result = try await body()
            group.cancelAll()
            while let ended = await group.nextResult() {
                guard case .failure(let error) = ended else { continue }
                if (error as? MartletError)?.code != .cancelled { throw error }
            }
            return result
        }
    }

    /// Waits until everything in `wanted` was handed to some member; what is missing when the time is over.
    package func missing(
        of wanted: [TopicPartition: [Offset]], within limit: Duration
    ) async -> [TopicPartition: [Offset]] {
        let isComplete = await ledger.wait(within: limit) { ledger in
            wanted.allSatisfy { partition, offsets in
                let read = ledger.read[partition] ?? [:]
                return offsets.allSatisfy { read[$0] != nil }
            } ? true : nil
        }
        if isComplete != nil { return [:] }
        let read = ledger.value.read
        return wanted.compactMapValues { $0 }.reduce(into: [:]) { missing, entry in
            let lacking = entry.value.filter { read[entry.key]?[$0] == nil }
            if !lacking.isEmpty { missing[entry.key] = lacking }
        }
    }

    /// Waits for `count` records in all; false when they are not handed out within `limit`.
    package func waitForRecords(_ count: Int, within limit: Duration) async -> Bool {
        await ledger.wait(within: limit) { $0.records >= count ? true : nil } ?? false
    }

    /// What no member may have seen: two records at one offset, one that nobody sent, or another than `logs` has there at the
    /// end (which was shown before it was committed, and cut); and offsets that did not rise by one while a member had the
    /// partition.
    package func violations(against logs: [TopicPartition: PartitionReader.Log]) -> [String] {
        let ledger = ledger.value
        var violations = ledger.violations
        for (partition, read) in ledger.read {
            var unseen = read
            for (offset, id) in logs[partition] ?? [] {
                guard let seen = unseen.removeValue(forKey: offset), seen != id else { continue }
                violations.append("\(partition) offset \(offset): read \(seen), and the log has \(id)")
            }
            for (offset, id) in unseen {
                violations.append("\(partition) offset \(offset): read \(id), and the log has nothing")
            }
        }
        return violations
    }

    /// Where one member is in each partition that it has. Used by that member's task.
    private final class Positions {
        var last: [TopicPartition: Offset] = [:]
    }

    private func run() async throws {
        var configuration = ConsumerConfiguration(client: try ClientConfiguration(addresses: addresses))
        configuration.group = ConsumerGroup(group)
        configuration.reset = .earliest
        let consumer = try Consumer(configuration, logger: logger)
        let positions = Positions()
        consumer.onAssigned = { [ledger] _, assigned in
            ledger.update { $0.assignments += 1 }
            for partition in assigned { positions.last[partition] = nil }
        }
        try consumer.subscribe(topics: topics)
        do {
            while !Task.isCancelled, let batch = try await consumer.next() { try take(batch, positions) }
        } catch {
            consumer.abandon()
            throw error
        }
        await consumer.close()
    }

    private func take(_ batch: ConsumedBatch, _ positions: Positions) throws {
        var found: [(Offset, HistoryChecker.RecordID?)] = []
        try batch.forEachRecord { found.append(($0.offset, NumberedRecord.id(of: $0.value))) }
        let partition = batch.topicPartition
        var jumps: [String] = []
        for (offset, _) in found {
            if let last = positions.last.updateValue(offset, forKey: partition), offset != last + 1 {
                jumps.append("\(partition) offset \(offset): a member had read to \(last) before")
            }
        }
        ledger.update { [jumps] ledger in
            ledger.violations += jumps
            for (offset, id) in found {
                ledger.records += 1
                guard let id else {
                    ledger.violations.append("\(partition) offset \(offset): not what anybody sent")
                    continue
                }
                let before = ledger.read[partition, default: [:]].updateValue(id, forKey: offset)
                if let before, before != id {
                    ledger.violations.append("\(partition) offset \(offset): first \(before), then \(id)")
                }
            }
        }
    }
}
