import Dispatch
import MartletCore
import MartletStorage
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MartletBroker

/// What is read back at a start is bounded by what there is to remember, not by how often it was written.
@Suite("Loading groups")
struct GroupLoadTests {
    private static let groupCount = 100
    private static let partitionCount: Int32 = 100
    /// With 10,000 offsets each.
    private static let rounds = 210

    /// Every group commits every partition.
    private func batch(_ topic: TopicID, offset: Offset) throws -> [UInt8] {
        var writer = try GroupBatchWriter()
        let entries = (0..<Self.groupCount).map { index in
            let name = "group-\(index)"
            return GroupBatchWriter.Entry(
                group: name, position: 0,
                (0..<Self.partitionCount).map {
                    GroupRecord(
                        .offset(group: name, TopicIDPartition(topicID: topic, partition: $0)),
                        .offset(CommittedOffset(offset: offset, commitTime: 1_000_000)))
                })
        }
        let (bytes, count) = try writer.batch(of: entries, at: 1_000_000)
        #expect(count == entries.count)
        return bytes
    }

    private func append(_ batch: [UInt8], to log: TopicID, _ epoch: LeaderEpoch, _ harness: BrokerHarness) async
        -> ProduceOutcome
    {
        await withCheckedContinuation { continuation in
            harness.loop.execute {
                let item = ProduceItem(topicID: log, partition: 0, leaderEpoch: epoch, bytes: 0..<batch.count)
                harness.broker.produceInternally([item], ByteBuffer(bytes: batch), .seconds(60), on: harness.loop) {
                    continuation.resume(returning: $0[0])
                }
            }
        }
    }

    /// Compacts now, away from the threads of tasks.
    private func compact(_ store: LogStore) async {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "compaction").async {
                store.maintain()
                continuation.resume()
            }
        }
    }

    private func fetch(_ group: String, _ coordinator: GroupCoordinator) async -> [CommittedPartition] {
        let answer = await withCheckedContinuation { continuation in
            coordinator.fetchOffsets(nil, of: group) { continuation.resume(returning: $0) }
        }
        guard case .offsets(let offsets) = answer else { return [] }
        return offsets
    }

    private func coordinator(_ harness: BrokerHarness) -> GroupCoordinator {
        let coordinator = GroupCoordinator(
            broker: harness.broker, on: BrokerHarness.group.next(), logger: BrokerHarness.quiet)
        coordinator.begin()
        return coordinator
    }

    @Test("two million commits compact to the offsets that hold, and those are what is loaded")
    func compaction() async throws {
        let directory = try TemporaryDirectory()
        try await BrokerHarness.with(in: directory) { harness in
            let topic = try await harness.createTopic("t", partitions: Self.partitionCount)
            let log = try await harness.broker.createInternalTopic(OffsetsTopic.new(partitions: 1)).get()
            let replica = try harness.partition(log)
            let epoch = try #require(replica.leaderEpoch)
            let old = try batch(topic, offset: 1)
            for _ in 0..<Self.rounds { #expect(await append(old, to: log, epoch, harness).error == nil) }
            #expect(await append(try batch(topic, offset: 2), to: log, epoch, harness).error == nil)
            #expect(replica.log.logEndOffset >= 2_000_000)
            let written = replica.log.sizeBytes
            try harness.store.checkpoint()
            await compact(harness.store)
            #expect(harness.store.counters.compactions.load(ordering: .relaxed) == 1)
            // What is sealed comes down to the offsets there are; the active segment is never touched.
            #expect(replica.log.sizeBytes < written / 2)
            #expect(replica.log.sizeBytes < OffsetsTopic.segmentBytes + 2 * Int64(old.count))
        }
        try await BrokerHarness.with(in: directory) { harness in
            let coordinator = coordinator(harness)
            for index in 0..<Self.groupCount {
                let offsets = await fetch("group-\(index)", coordinator)
                #expect(offsets.count == Int(Self.partitionCount))
                #expect(offsets.allSatisfy { $0.committed?.offset == 2 })
            }
            await coordinator.stop()
        }
    }
}
