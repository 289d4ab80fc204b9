import CAllocationCounter
import MartletCore
import Testing

@testable import MartletStorage

@Suite("What an append costs", .enabled(if: allocations_of_this_thread() >= 0), .timeLimit(.minutes(1)))
struct AppendCostTests {
    private static let batches = 40

    /// How often appending a number of batches of so many records asks for memory, once the log has all it keeps.
    private func allocations(records count: Int) throws -> Int64 {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions())
        defer { store.close() }
        let log = try store.create(partition(), topic: "t", settings: LogSettings(flush: .os))
        try log.startLeaderEpoch(1)
        let records = Array(repeating: TestRecord(value: String(repeating: "v", count: 100)), count: count)
        let all = try (0..<2 * Self.batches).map { number in
            try batch(records, producer: TestProducer(id: 7, epoch: 0, sequence: Int32(number * count)))
        }
        for bytes in all.prefix(Self.batches) { try log.append(bytes) }
        let before = allocations_of_this_thread()
        for bytes in all.suffix(Self.batches) { try log.append(bytes) }
        let asked = allocations_of_this_thread() - before
        #expect(log.logEndOffset == Offset(2 * Self.batches * count))
        return asked
    }

    @Test("appending a batch asks for memory as often with two thousand records as with two")
    func appending() throws {
        let before = allocations_of_this_thread()
        _ = TestRecord(value: String(repeating: "v", count: 100))
        #expect(allocations_of_this_thread() > before, "the counter does not count")
        let small = try allocations(records: 2)
        let large = try allocations(records: 2000)
        // An index entry and a step of preallocation are due now and then.
        #expect(large <= small + Int64(Self.batches), "\(small) for small batches, \(large) for large ones")
    }
}
