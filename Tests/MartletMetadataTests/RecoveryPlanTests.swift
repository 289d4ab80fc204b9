import HashTreeCollections
import MartletCore
import MartletMetadata
import Testing

@Suite("Planning a recovery")
struct RecoveryPlanTests {
    private let partition = TopicIDPartition(topicID: TestRecords.topicID(1), partition: 0)

    private func broker(_ id: BrokerID) -> MetadataRecord {
        .broker(
            BrokerRecord(
                id: id, startEpoch: 4, directoryID: "d\(id)", host: "h", port: 7_400, rack: "", isFenced: false))
    }

    private func image(_ more: [MetadataRecord] = []) -> ClusterImage {
        var image = ClusterImage()
        let record = PartitionRecord(
            id: partition, leader: PartitionLeader(broker: 1, startEpoch: 4), leaderEpoch: 6, replicas: [1, 2, 3],
            inSyncReplicas: [1, 2, 3])
        let records: [MetadataRecord] =
            [
                .cluster(ClusterRecord(id: "c-1", featureLevel: 1)), broker(1), broker(2), broker(3),
                .topic(TestRecords.topic("orders", 1)), .partition(record),
                .producerIDs(ProducerIDCounter(next: 5_000)),
            ] + more
        image.apply(MetadataUpdate(revision: 50, changes: records.map { .put($0) }))
        return image
    }

    private func report(
        _ broker: BrokerID, seen: LeaderEpoch, last: LeaderEpoch, end: Offset, id: TopicIDPartition? = nil
    ) -> DirectoryReport {
        DirectoryReport(
            clusterID: "c-1", broker: broker, directoryID: "d\(broker)", storeRevision: 900,
            replicas: [
                DirectoryReport.Replica(
                    id: id ?? partition, topic: "orders", highestEpoch: seen, lastEpoch: last, endOffset: end)
            ])
    }

    private func recovered(
        _ image: ClusterImage, _ reports: [DirectoryReport], lost: Set<BrokerID> = []
    ) throws -> (image: ClusterImage, findings: [String]) {
        let plan = try RecoveryPlan(image: image, reports: reports, lost: lost, transactionKeysMax: 2)
        var result = image
        for transaction in plan.transactions {
            try transaction.check(keysMax: 2)
            #expect(transaction.conditions.contains { $0.key == .controller && $0.revision == 0 })
            for condition in transaction.conditions { #expect(image.revision(of: condition.key) == condition.revision) }
            result.apply(MetadataUpdate(revision: result.revision + 1, changes: transaction.changes))
        }
        return (result, plan.findings)
    }

    @Test("every epoch rises above all that was seen, nobody leads, and those that reach furthest are in sync")
    func epochs() throws {
        let reports = [
            report(1, seen: 9, last: 6, end: 500), report(2, seen: 8, last: 8, end: 300),
            report(3, seen: 8, last: 8, end: 300),
        ]
        let (result, findings) = try recovered(image(), reports)
        let record = try #require(result.partitions[partition]?.record)
        #expect(record.leader == nil)
        #expect(record.leaderEpoch == 10)
        // Broker 1's log is longer, but ends in an older epoch: what it has more was never acknowledged.
        #expect(record.inSyncReplicas == [2, 3])
        #expect(record.lastUncleanEpoch == -1)
        #expect(findings.isEmpty)
        #expect(result.brokers.values.allSatisfy { $0.isFenced && $0.startEpoch > 1_000_000 })
        #expect(try #require(result.producerIDs).next > 1_000_000_000)
        for report in reports {
            #expect(report.reasonToRefuse(image()) != nil)
            #expect(report.reasonToRefuse(result) == nil)
        }
    }

    @Test("it can be run again")
    func again() throws {
        let reports = (1...3).map { report($0, seen: 9, last: 6, end: 500) }
        let first = try recovered(image(), reports).image
        let second = try recovered(first, reports).image
        #expect(second.partitions[partition]?.leaderEpoch == 11)
        #expect(second.partitions[partition]?.inSyncReplicas == [1, 2, 3])
    }

    @Test("lost directories are told, and so is what the store does not know")
    func findings() throws {
        let stranger = TopicIDPartition(topicID: TestRecords.topicID(9), partition: 4)
        let reports = [
            report(1, seen: 6, last: 6, end: 10), report(2, seen: 1, last: 1, end: 1, id: stranger),
        ]
        let (result, findings) = try recovered(image(), reports, lost: [3])
        let record = try #require(result.partitions[partition]?.record)
        #expect(record.inSyncReplicas == [1])
        #expect(record.lastUncleanEpoch == record.leaderEpoch)
        #expect(findings.contains { $0.contains("orders-0") && $0.contains("2, 3") })
        #expect(findings.contains { $0.contains("orders-4") && $0.contains("set its files aside") })
    }

    @Test("what does not belong together is refused")
    func refusals() throws {
        let good = (1...3).map { report($0, seen: 6, last: 6, end: 10) }
        func expectRefusal(_ word: String, _ image: ClusterImage, _ reports: [DirectoryReport]) {
            let refusal = #expect(throws: OperationRefusal.self) {
                try RecoveryPlan(image: image, reports: reports, lost: [], transactionKeysMax: 100)
            }
            #expect(refusal?.message.contains(word) == true, "\(String(describing: refusal))")
        }
        expectRefusal("no cluster", ClusterImage(), good)
        expectRefusal("stop all brokers", image([.session(SessionRecord(broker: 2, startEpoch: 4))]), good)
        expectRefusal("brokers 2", image(), [good[0], good[2]])
        expectRefusal("two reports", image(), good + [good[0]])
        var other = good
        other[1].clusterID = "c-2"
        expectRefusal("c-2", image(), other)
        other = good
        other[1].directoryID = "copy"
        expectRefusal("another data directory", image(), other)
    }

    @Test("reports come back as they were written; damaged ones are refused at every byte")
    func files() throws {
        let report = report(7, seen: 3, last: 2, end: 99)
        let bytes = report.bytes
        #expect(try DirectoryReport(bytes: bytes) == report)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            #expect(throws: MetadataError.self) { try DirectoryReport(bytes: damaged) }
            #expect(throws: MetadataError.self) { try DirectoryReport(bytes: Array(bytes[..<index])) }
        }
    }
}
