import HashTreeCollections
import MartletCore
import MartletMetadata
import Testing

@Suite("Planning an adoption")
struct AdoptionPlanTests {
    /// A single broker's metadata: `topics` topics of one partition each, and its session.
    private func source(topics: Int) -> ClusterImage {
        var image = ClusterImage()
        var records: [MetadataRecord] = [
            .cluster(ClusterRecord(id: "c-1", featureLevel: 3)),
            .broker(
                BrokerRecord(
                    id: 0, startEpoch: 4, directoryID: "d", host: "h", port: 7_400, rack: "", isFenced: false)),
            .session(SessionRecord(broker: 0, startEpoch: 4)),
            .producerIDs(ProducerIDCounter(next: 2_000)),
        ]
        for number in 0..<topics {
            records.append(.topic(TestRecords.topic("t\(number)", number)))
            records.append(.partition(TestRecords.partition(number, 0, epoch: 7)))
        }
        for (index, record) in records.enumerated() {
            image.apply(MetadataUpdate(revision: Revision(index + 1), changes: [.put(record)]))
        }
        return image
    }

    private func apply(_ transaction: MetadataTransaction, to image: inout ClusterImage) {
        for condition in transaction.conditions { #expect(image.revision(of: condition.key) == condition.revision) }
        image.apply(MetadataUpdate(revision: image.revision + 3, changes: transaction.changes))
    }

    @Test(
        "interrupted after any number of transactions it goes on, and ends with the broker's records",
        arguments: 0...9)
    func resumed(interruptedAfter: Int) throws {
        let source = source(topics: 20)
        var target = ClusterImage()
        var committed = 0
        var isFinished = false
        // The first life ends after some transactions, the second one at the end.
        for limit in [interruptedAfter, Int.max] {
            let plan = try AdoptionPlan(source: source)
            life: while committed < limit {
                let transactions: [MetadataTransaction]
                switch try plan.step(target: target, transactionKeysMax: 8) {
                case .begin(let transaction): transactions = [transaction]
                case .copy(let several): transactions = several
                case .finish(let transaction): transactions = [transaction]
                case .done:
                    isFinished = true
                    break life
                }
                for transaction in transactions where committed < limit {
                    #expect(transaction.changes.count <= 8)
                    apply(transaction, to: &target)
                    committed += 1
                }
            }
        }
        #expect(isFinished)
        // One to begin, six of up to eight for 42 records, one to finish.
        #expect(committed == 8)
        #expect(target.cluster?.record == source.cluster?.record)
        #expect(target.sessions.isEmpty)
        #expect(target.recordCount == source.recordCount - 1)
        for (id, partition) in source.partitions { #expect(target.partitions[id]?.record == partition.record) }
    }

    @Test("until it is finished the store says so, and no broker takes it for a cluster of its own")
    func marked() throws {
        let plan = try AdoptionPlan(source: source(topics: 1))
        var target = ClusterImage()
        guard case .begin(let transaction) = try plan.step(target: target, transactionKeysMax: 100) else {
            Issue.record("an empty store is begun with")
            return
        }
        apply(transaction, to: &target)
        #expect(target.cluster?.featureLevel == ClusterRecord.beingAdopted)
    }

    @Test("what is not the broker's is never written over")
    func refusals() throws {
        let plan = try AdoptionPlan(source: source(topics: 1))
        #expect(throws: OperationRefusal.self) { try AdoptionPlan(source: ClusterImage()) }
        func expectRefusal(_ records: MetadataRecord...) {
            var target = ClusterImage()
            target.apply(MetadataUpdate(revision: 5, changes: records.map { .put($0) }))
            #expect(throws: OperationRefusal.self) { try plan.step(target: target, transactionKeysMax: 100) }
        }
        expectRefusal(.producerIDs(ProducerIDCounter(next: 5)))
        expectRefusal(.cluster(ClusterRecord(id: "other", featureLevel: 3)))
        let mark = MetadataRecord.cluster(ClusterRecord(id: "c-1", featureLevel: ClusterRecord.beingAdopted))
        expectRefusal(mark, .producerIDs(ProducerIDCounter(next: 5)))
        expectRefusal(mark, .topic(TestRecords.topic("stranger", 77)))
    }
}
