import NIOCore
import NIOEmbedded
import Synchronization
import TestSeeds
import Testing

@testable import MartletRPC

@Suite("the pool of memory for requests")
struct MemoryBudgetTests {
    /// Notes who was granted, in order.
    private final class Grants: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    @Test("who finds it empty is served in the order of asking, whatever the sizes")
    func order() {
        let budget = MemoryBudget(capacity: 100)
        let loop = EmbeddedEventLoop()
        let grants = Grants()
        #expect(budget.reserve(80, on: loop) {} == .granted)
        guard case .waiting = budget.reserve(90, on: loop, granted: { grants.add("large") }) else {
            return #expect(Bool(false), "granted beyond the pool")
        }
        // Ten bytes would fit, but the large one came first.
        guard case .waiting = budget.reserve(10, on: loop, granted: { grants.add("small") }) else {
            return #expect(Bool(false), "overtaken")
        }
        #expect(budget.usage == .init(usedBytes: 80, usedBytesMax: 80, waiting: 2))
        budget.release(80)
        loop.run()
        #expect(grants.all == ["large", "small"])
        #expect(budget.usage.usedBytes == 100)
        #expect(budget.usage.waiting == 0)
    }

    @Test("more than the whole pool is refused at once")
    func tooLarge() {
        let budget = MemoryBudget(capacity: 100)
        #expect(budget.reserve(101, on: EmbeddedEventLoop()) {} == .tooLarge)
        #expect(budget.usage.usedBytes == 0)
    }

    @Test("who leaves the line lets the next one in")
    func leaving() {
        let budget = MemoryBudget(capacity: 100)
        let loop = EmbeddedEventLoop()
        let grants = Grants()
        #expect(budget.reserve(50, on: loop) {} == .granted)
        guard case .waiting(let ticket) = budget.reserve(80, on: loop, granted: { grants.add("left") }) else {
            return #expect(Bool(false), "granted")
        }
        guard case .waiting = budget.reserve(50, on: loop, granted: { grants.add("next") }) else {
            return #expect(Bool(false), "granted")
        }
        #expect(budget.cancelWait(ticket))
        loop.run()
        #expect(grants.all == ["next"])
        #expect(!budget.cancelWait(ticket))
    }

    @Test("random use never passes the pool and loses no byte", arguments: 0..<50 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let budget = MemoryBudget(capacity: 1000)
        let loop = EmbeddedEventLoop()
        let granted = Mutex<[Int]>([])
        for _ in 0..<500 {
            if Bool.random(using: &random) {
                let bytes = Int.random(in: 1...1000, using: &random)
                if budget.reserve(bytes, on: loop, granted: { granted.withLock { $0.append(bytes) } }) == .granted {
                    granted.withLock { $0.append(bytes) }
                }
            } else if let bytes = granted.withLock({ $0.popLast() }) {
                budget.release(bytes)
            }
            loop.run()
            #expect(budget.usage.usedBytes <= 1000, "seed \(seed)")
            #expect(budget.usage.usedBytes == granted.withLock { $0.reduce(0, +) }, "seed \(seed)")
        }
        while let bytes = granted.withLock({ $0.popLast() }) {
            budget.release(bytes)
            loop.run()
        }
        #expect(budget.usage.usedBytes == 0, "seed \(seed)")
        #expect(budget.usage.waiting == 0, "seed \(seed)")
    }
}
