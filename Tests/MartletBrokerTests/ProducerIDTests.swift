import MartletCore
import Testing

@testable import MartletBroker

@Suite("Producer ids")
struct ProducerIDTests {
    @Test("ids are given out in order, each once, and the supply tells when it runs low")
    func supply() {
        var supply = ProducerIDSupply()
        #expect(supply.isLow)
        #expect(supply.take() == nil)
        supply.add(5_000..<6_000)
        #expect(!supply.isLow)
        for id in 5_000..<5_500 { #expect(supply.take() == ProducerID(id)) }
        #expect(supply.isLow)
        supply.add(9_000..<10_000)
        #expect(!supply.isLow)
        for id in 5_500..<6_000 { #expect(supply.take() == ProducerID(id)) }
        #expect(supply.take() == 9_000)
    }

    @Test("producers of a cluster can start while the metadata store is away")
    func withoutStore() async throws {
        try await ControlledCluster.with { cluster in
            cluster.shared.setAway(true)
            var seen: Set<ProducerID> = []
            for id: BrokerID in 0..<3 {
                let broker = cluster[id]
                for _ in 0..<ProducerIDSupply.block {
                    let id = try await broker.initProducerID(-1, epoch: -1).id
                    #expect(seen.insert(id).inserted)
                }
                await #expect(throws: BrokerError.self) { try await broker.initProducerID(-1, epoch: -1) }
            }
            cluster.shared.setAway(false)
            let id = try await cluster[0].initProducerID(-1, epoch: -1).id
            #expect(seen.insert(id).inserted)
        }
    }
}
