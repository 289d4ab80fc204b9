import MartletTestSupport
import Testing

@Suite("The history checker can fail")
struct HistoryCheckerTests {
    private typealias ID = HistoryChecker.RecordID

    /// Producer 1 sent records 0...3; 0, 1 and 3 were acknowledged at the offsets of their numbers, 2 is unknown.
    private var checker: HistoryChecker {
        var checker = HistoryChecker()
        for number in 0..<4 { checker.didSend(ID(producer: 1, number: number)) }
        for number in [0, 1, 3] { checker.didAcknowledge(ID(producer: 1, number: number), at: Int64(number)) }
        return checker
    }

    private func log(_ numbers: [Int]) -> [(offset: Int64, id: ID)] {
        numbers.enumerated().map { (Int64($0), ID(producer: 1, number: $1)) }
    }

    @Test("a log with every acknowledged record in place, and the unknown one, is fine")
    func fine() {
        #expect(checker.violations(in: log([0, 1, 2, 3])).isEmpty)
    }

    @Test("a missing acknowledged record is a loss, and so is another in its place")
    func lost() {
        #expect(checker.violations(in: log([0, 1, 2])) == [.lost(ID(producer: 1, number: 3), offset: 3, found: nil)])
        #expect(
            checker.violations(in: log([0, 1, 3]))
                == [.lost(ID(producer: 1, number: 3), offset: 3, found: nil)])
    }

    @Test("a record that stands twice is a duplicate")
    func duplicated() {
        let violations = checker.violations(in: log([0, 1, 2, 3, 3]))
        #expect(violations == [.duplicated(ID(producer: 1, number: 3), offsets: [3, 4])])
    }

    @Test("a record that nobody sent is a phantom")
    func phantom() {
        #expect(checker.violations(in: log([0, 1, 2, 3, 4])) == [.phantom(ID(producer: 1, number: 4), offset: 4)])
    }

    @Test("records of one producer out of order are told apart")
    func reordered() {
        let violations = checker.violations(in: log([0, 2, 1, 3]))
        #expect(violations.contains(.reordered(earlier: ID(producer: 1, number: 1), later: ID(producer: 1, number: 2))))
    }

    @Test("an offset that is left out is a gap unless the log may be compacted")
    func gap() {
        let log = [0, 1, 3].map { (Int64($0), ID(producer: 1, number: $0)) }
        #expect(checker.violations(in: log) == [.gap(after: 1, next: 3)])
        #expect(checker.violations(in: log, contiguous: false).isEmpty)
    }
}
