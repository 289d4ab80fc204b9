import MartletCore
import TestSeeds
import Testing

@testable import MartletBroker

@Suite("Ack queue")
struct AckQueueTests {
    private func popAll(_ queue: inout AckQueue<String>, _ offset: Offset) -> [String] {
        var popped: [String] = []
        while let waiter = queue.popReached(offset) { popped.append(waiter) }
        return popped
    }

    @Test("waiters are answered once their last record is kept, in order, and not before")
    func order() {
        var queue = AckQueue<String>()
        queue.add("a", reach: 10)
        queue.add("b", reach: 20)
        queue.add("c", reach: 30)
        #expect(popAll(&queue, 9) == [])
        #expect(popAll(&queue, 20) == ["a", "b"])
        #expect(popAll(&queue, 29) == [])
        #expect(popAll(&queue, 30) == ["c"])
        #expect(queue.count == 0)
    }

    @Test("a waiter that comes late, as a duplicate does, takes its place by its offset")
    func late() {
        var queue = AckQueue<String>()
        queue.add("b", reach: 20)
        queue.add("a", reach: 10)
        queue.add("duplicate of a", reach: 10)
        #expect(popAll(&queue, 10) == ["a", "duplicate of a"])
        #expect(popAll(&queue, 20) == ["b"])
    }

    @Test("a waiter that gave up is gone, the others stay")
    func removal() {
        var queue = AckQueue<String>()
        for (name, reach) in [("a", 10), ("b", 20), ("c", 30)] { queue.add(name, reach: Offset(reach)) }
        queue.removeAll { $0 == "b" }
        #expect(queue.removeAll() == ["a", "c"])
        #expect(queue.count == 0)
    }

    @Test("random histories answer exactly what a sorted list would", arguments: 1...20 as ClosedRange<UInt64>)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = AckQueue<Int>()
        var model: [(reach: Offset, id: Int)] = []
        var kept: Offset = 0
        for id in 0..<500 {
            if Bool.random(using: &generator) {
                let reach = kept + .random(in: 1...50, using: &generator)
                queue.add(id, reach: reach)
                model.append((reach, id))
            } else {
                kept += .random(in: 0...20, using: &generator)
                var popped: [Int] = []
                while let waiter = queue.popReached(kept) { popped.append(waiter) }
                let expected = model.filter { $0.reach <= kept }.sorted { ($0.reach, $0.id) < ($1.reach, $1.id) }
                model.removeAll { $0.reach <= kept }
                #expect(popped == expected.map(\.id), "seed \(seed)")
            }
        }
        #expect(queue.count == model.count)
    }
}

@Suite("Fetch waiters")
struct FetchWaitersTests {
    private func key(_ call: UInt64, _ item: Int = 0) -> FetchWaiters<String>.Key {
        .init(call: call, item: item)
    }

    @Test("a waiter is woken once, when the high watermark is above its offset")
    func wakes() {
        var waiters = FetchWaiters<String>()
        waiters.add("at 5", key: key(1), threshold: 5)
        waiters.add("at 9", key: key(2), threshold: 9)
        #expect(waiters.popPassed(by: 5) == [])
        #expect(waiters.popPassed(by: 6) == ["at 5"])
        #expect(waiters.popPassed(by: 9) == [])
        #expect(waiters.popPassed(by: 10) == ["at 9"])
        #expect(waiters.popPassed(by: 11) == [])
    }

    @Test("a fetch that names a partition twice is woken for both")
    func twice() {
        var waiters = FetchWaiters<String>()
        waiters.add("first", key: key(1, 0), threshold: 5)
        waiters.add("second", key: key(1, 1), threshold: 5)
        #expect(waiters.popPassed(by: 6).sorted() == ["first", "second"])
    }

    @Test("a waiter that was removed is not woken, and does not hide the others")
    func removal() {
        var waiters = FetchWaiters<String>()
        waiters.add("gone", key: key(1), threshold: 1)
        waiters.add("stays", key: key(2), threshold: 7)
        waiters.remove(key(1))
        #expect(waiters.popPassed(by: 5) == [])
        #expect(waiters.popPassed(by: 8) == ["stays"])
    }

    @Test("when the role changes everybody is taken out")
    func removeAll() {
        var waiters = FetchWaiters<String>()
        waiters.add("a", key: key(1), threshold: 1)
        waiters.add("never by offset", key: key(2), threshold: .max)
        #expect(waiters.removeAll().sorted() == ["a", "never by offset"])
        #expect(waiters.count == 0)
        waiters.add("later", key: key(3), threshold: 2)
        #expect(waiters.popPassed(by: 3) == ["later"])
    }
}
