import Testing

@testable import MartletBench

@Suite("What was acknowledged, against the log")
struct DeliveryLedgerTests {
    private typealias Findings = DeliveryLedger.Findings

    /// Numbers 0 to 4 at offsets 10 to 14.
    private var ledger: DeliveryLedger {
        var ledger = DeliveryLedger()
        for number in 0..<UInt64(5) { ledger.acknowledged(number, at: 10 + Int64(number)) }
        return ledger
    }

    private func log(_ numbers: [UInt64], from offset: Int64 = 10) -> [(offset: Int64, number: UInt64)] {
        numbers.enumerated().map { (offset + Int64($0.offset), $0.element) }
    }

    @Test("a log that holds everything where it was said to be is right, whatever follows that was not acknowledged")
    func right() {
        #expect(ledger.compare(with: log([0, 1, 2, 3, 4, 5, 9])) == Findings())
    }

    @Test("what is missing, or stands elsewhere, is lost")
    func lost() {
        #expect(ledger.compare(with: log([0, 1, 2])) == Findings(lost: 2))
        #expect(ledger.compare(with: log([0, 1, 3, 4])).lost == 3)
        #expect(ledger.compare(with: log([0, 1, 2, 3, 4], from: 11)).lost == 5)
    }

    @Test("a record that is there twice is told, and one that was overtaken")
    func repeated() {
        #expect(ledger.compare(with: log([0, 1, 2, 3, 4, 4])) == Findings(repeated: 1))
        #expect(ledger.compare(with: log([0, 1, 2, 3, 4, 7, 6])) == Findings(misplaced: 1))
    }
}
