import Martlet

/// What a producer of numbered records was told, against what the log holds in the end.
struct DeliveryLedger: Sendable {
    /// What is wrong; all zero when nothing is.
    struct Findings: Sendable, Hashable {
        /// Acknowledged, and not in the log where the acknowledgement said.
        var lost = 0
        /// In the log more than once.
        var repeated = 0
        /// Behind a record that was sent after it.
        var misplaced = 0
    }

    private var offsets: [(number: UInt64, offset: Offset)] = []

    init() {}

    mutating func acknowledged(_ number: UInt64, at offset: Offset) {
        offsets.append((number, offset))
    }

    /// - Parameter log: the whole partition, in the order of its offsets.
    func compare(with log: [(offset: Offset, number: UInt64)]) -> Findings {
        var findings = Findings()
        var seen: Set<UInt64> = []
        var highest: UInt64?
        var numbers: [Offset: UInt64] = [:]
        for (offset, number) in log {
            numbers[offset] = number
            if !seen.insert(number).inserted {
                findings.repeated += 1
            } else if let highest, number < highest {
                findings.misplaced += 1
            }
            highest = max(highest ?? number, number)
        }
        findings.lost = offsets.count { numbers[$0.offset] != $0.number }
        return findings
    }
}
