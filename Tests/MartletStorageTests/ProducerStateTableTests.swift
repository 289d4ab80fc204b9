import MartletCore
import TestSeeds
import Testing

@testable import MartletStorage

@Suite("What a partition remembers of its producers")
struct ProducerStateTableTests {
    typealias Table = ProducerStateTable

    /// A table in which producer 1, epoch 5, appended batches of those sequence ranges from offset 100 on.
    private func table(_ ranges: ClosedRange<Int32>...) -> Table {
        var table = Table(limit: 100)
        var offset: Offset = 100
        for range in ranges {
            let count = Offset(range.count)
            table.record(
                producerID: 1, epoch: 5,
                Table.Batch(
                    firstSequence: range.lowerBound, lastSequence: range.upperBound, baseOffset: offset,
                    lastOffset: offset + count - 1, timestamp: 7
                ), now: 1_000)
            offset += count
        }
        return table
    }

    private func check(_ table: Table, epoch: ProducerEpoch = 5, _ first: Int32, count: Int32 = 1) -> Table.Decision {
        table.check(producerID: 1, epoch: epoch, firstSequence: first, count: count)
    }

    @Test("an unknown producer begins at 0")
    func unknown() {
        let empty = Table(limit: 10)
        #expect(check(empty, 0) == .append)
        #expect(check(empty, 1) == .unknownProducer)
    }

    @Test("the next sequence is appended, a gap is refused")
    func gaps() {
        let table = table(0...9, 10...14)
        #expect(check(table, 15) == .append)
        #expect(check(table, 16) == .outOfOrder(expected: 15))
        #expect(check(table, 1_000_000) == .outOfOrder(expected: 15))
    }

    @Test("each of the last five batches is known again, with its offsets")
    func duplicates() {
        let table = table(0...0, 1...2, 3...3, 4...7, 8...8, 9...9)
        guard case .duplicate(let batch) = check(table, 4, count: 4) else {
            Issue.record("not recognised")
            return
        }
        #expect(batch.baseOffset == 104 && batch.lastOffset == 107 && batch.timestamp == 7)
        for (first, count) in [(1, 2), (3, 1), (8, 1), (9, 1)] as [(Int32, Int32)] {
            guard case .duplicate = check(table, first, count: count) else {
                Issue.record("sequence \(first) not recognised")
                continue
            }
        }
    }

    @Test("a batch older than the last five was appended long ago")
    func olderDuplicates() {
        let table = table(0...0, 1...1, 2...2, 3...3, 4...4, 5...5, 6...6)
        #expect(check(table, 1) == .duplicateSequence)
        #expect(check(table, 0, count: 2) == .duplicateSequence)
        #expect(check(table, 1, count: 2) == .outOfOrder(expected: 7), "overlaps what is known")
    }

    @Test("the same first sequence with another length is no duplicate")
    func partialDuplicates() {
        #expect(check(table(0...9), 0, count: 5) == .outOfOrder(expected: 10))
        #expect(check(table(0...9), 5, count: 10) == .outOfOrder(expected: 10))
    }

    @Test("a higher epoch begins at 0, a lower one is fenced")
    func epochs() {
        let table = table(0...9)
        #expect(check(table, epoch: 6, 0) == .append)
        #expect(check(table, epoch: 6, 10) == .outOfOrder(expected: 0))
        #expect(check(table, epoch: 4, 10) == .fenced(current: 5))
        #expect(check(table, epoch: 4, 0) == .fenced(current: 5))
    }

    @Test("sequences wrap from 2^31-1 to 0")
    func wrapping() {
        let last = Int32.max
        let table = table(last - 9...last)
        #expect(check(table, 0) == .append)
        #expect(check(table, 1) == .outOfOrder(expected: 0))
        #expect(check(table, last - 10) == .duplicateSequence)
        #expect(Table.advance(last - 1, by: 5) == 3)
        #expect(Table.precedes(last, 0) && !Table.precedes(0, last) && !Table.precedes(5, 5))
    }

    @Test("a batch that wraps is recognised as a duplicate")
    func wrappingDuplicate() {
        var table = Table(limit: 1)
        let batch = Table.Batch(firstSequence: .max, lastSequence: 1, baseOffset: 0, lastOffset: 2, timestamp: 0)
        table.record(producerID: 1, epoch: 5, batch, now: 0)
        #expect(check(table, .max, count: 3) == .duplicate(batch))
        #expect(check(table, 2) == .append)
    }

    @Test("cutting the log undoes batches, and says when a producer has to be read anew")
    func truncation() {
        var table = table(0...0, 1...1, 2...2)
        let isComplete = table.truncate(to: 102)
        #expect(isComplete)
        #expect(check(table, 2) == .append)
        let isStillComplete = table.truncate(to: 100)
        #expect(!isStillComplete)
        #expect(table.count == 0)
    }

    @Test("silent producers are forgotten, and the number of producers is bounded")
    func forgetting() {
        var table = Table(limit: 32)
        for id in 0..<40 as Range<Int64> {
            let batch = Table.Batch(firstSequence: 0, lastSequence: 0, baseOffset: id, lastOffset: id, timestamp: 0)
            table.record(producerID: id, epoch: 0, batch, now: id)
        }
        #expect(table.count <= 32)
        #expect(table.entries[0] == nil && table.entries[39] != nil, "those silent for longest go first")
        let didExpire = table.expire(before: 39)
        #expect(didExpire)
        #expect(Array(table.entries.keys) == [39])
        let didExpireAgain = table.expire(before: 39)
        #expect(!didExpireAgain)
    }

    @Test("a snapshot holds the table, and no other bytes are taken for one")
    func snapshot() throws {
        let table = table(0...0, 1...2, 3...3, 4...7, 8...8, 9...9)
        let bytes = ProducerSnapshot(offset: 110, table: table).encoded()
        let read = try #require(ProducerSnapshot.decode(bytes, limit: 100))
        #expect(read.offset == 110 && read.encodedEqually(to: table))
        for count in 0..<bytes.count { #expect(ProducerSnapshot.decode(Array(bytes[..<count]), limit: 100) == nil) }
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2_000 {
            var broken = bytes
            broken[Int.random(in: 0..<bytes.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
            _ = ProducerSnapshot.decode(broken, limit: 100)
        }
    }

    @Test(
        "random producers with losses and repeats get every batch in exactly once", arguments: 0..<20 as Range<UInt64>)
    func randomly(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var table = Table(limit: 10)
        var appended: [Int32] = []
        var sent: [(first: Int32, count: Int32)] = []
        var next = Int32.max - 200
        // A producer that has been here for long, about to wrap.
        let before = Table.Batch(
            firstSequence: next - 1, lastSequence: next - 1, baseOffset: 0, lastOffset: 0, timestamp: 0)
        table.record(producerID: 1, epoch: 5, before, now: 0)
        while appended.count < 500 {
            let isRepeat = !sent.isEmpty && Bool.random(using: &generator)
            let batch =
                isRepeat ? sent.randomElement(using: &generator)! : (next, .random(in: 1...5, using: &generator))
            switch table.check(producerID: 1, epoch: 5, firstSequence: batch.first, count: batch.count) {
            case .append:
                #expect(!isRepeat, "seed \(seed): a repeat was appended again")
                let last = Table.advance(batch.first, by: batch.count - 1)
                let offset = Offset(appended.count)
                table.record(
                    producerID: 1, epoch: 5,
                    Table.Batch(
                        firstSequence: batch.first, lastSequence: last, baseOffset: offset,
                        lastOffset: offset + Offset(batch.count) - 1, timestamp: 0
                    ), now: 0)
                for step in 0..<batch.count { appended.append(Table.advance(batch.first, by: step)) }
                sent.append(batch)
                next = Table.advance(batch.first, by: batch.count)
            case .duplicate, .duplicateSequence:
                #expect(isRepeat, "seed \(seed): a new batch was taken for a repeat")
            case let other:
                Issue.record("seed \(seed): \(other) for \(batch)")
                return
            }
        }
        for (left, right) in zip(appended, appended.dropFirst()) { #expect(right == Table.advance(left, by: 1)) }
    }
}

extension ProducerSnapshot {
    /// Whether the snapshot encodes the same producers, in whatever order.
    fileprivate func encodedEqually(to other: ProducerStateTable) -> Bool {
        table.count == other.count
            && table.entries.allSatisfy { id, entry in
                guard let match = other.entries[id], match.count == entry.count, match.epoch == entry.epoch,
                    match.lastSeen == entry.lastSeen
                else { return false }
                return (0..<entry.count).allSatisfy { entry.batches[$0] == match.batches[$0] }
            }
    }
}
