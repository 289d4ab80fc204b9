import Foundation
import MartletBench
import Testing

@Suite("JSON-like records")
struct JSONLikeRecordsTests {
    @Test("every value is JSON of exactly 1 KiB, and no two are the same")
    func values() throws {
        let records = JSONLikeRecords()
        #expect(records.values.allSatisfy { $0.count == JSONLikeRecords.valueBytes })
        #expect(Set(records.values).count == records.values.count)
        for value in records.values.prefix(100) {
            #expect(try JSONSerialization.jsonObject(with: Data(value)) is [String: Any])
        }
    }

    @Test("two runs send the same records")
    func deterministic() {
        #expect(JSONLikeRecords().values == JSONLikeRecords().values)
        #expect(Set(JSONLikeRecords().keys).count == JSONLikeRecords.keyCount)
    }
}
