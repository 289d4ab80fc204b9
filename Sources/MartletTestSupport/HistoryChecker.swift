package import MartletCore

/// What producers did and what a reader found afterwards, checked for the promises that the broker makes.
///
/// Every record carries an id of its own, drawn once and never again, so that a record found twice, or one that nobody sent,
/// cannot hide. A send that timed out is *unknown*: it may be in the log or not (RULES 31).
package struct HistoryChecker: Sendable {
    /// A record as its producer sees it: the producer's number and how many it sent to this partition before.
    package struct RecordID: Hashable, Sendable, CustomStringConvertible {
        package var producer: Int
        package var number: Int

        package init(producer: Int, number: Int) {
            self.producer = producer
            self.number = number
        }

        package var description: String { "\(producer):\(number)" }

        /// Reads what ``description`` wrote.
        package init?(_ text: some StringProtocol) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let producer = Int(parts[0]), let number = Int(parts[1]) else { return nil }
            self.init(producer: producer, number: number)
        }
    }

    package enum Violation: Hashable, Sendable, CustomStringConvertible {
        /// Acknowledged at `offset`, and the log has nothing, or another record, there.
        case lost(RecordID, offset: Offset, found: RecordID?)
        case duplicated(RecordID, offsets: [Offset])
        /// In the log, but nobody sent it.
        case phantom(RecordID, offset: Offset)
        /// `later` was sent after `earlier`, and stands before it.
        case reordered(earlier: RecordID, later: RecordID)
        /// Offsets did not rise by one.
        case gap(after: Offset, next: Offset)

        package var description: String {
            switch self {
            case .lost(let id, let offset, let found):
                "record \(id) was acknowledged at offset \(offset); there is \(found.map { "\($0)" } ?? "nothing") there"
            case .duplicated(let id, let offsets): "record \(id) is in the log more than once: at \(offsets)"
            case .phantom(let id, let offset): "record \(id) at offset \(offset) was never sent"
            case .reordered(let earlier, let later): "record \(later) stands before \(earlier), which was sent first"
            case .gap(let after, let next): "offset \(next) follows offset \(after)"
            }
        }
    }

    private var sent: Set<RecordID> = []
    private var acknowledged: [Offset: [RecordID]] = [:]

    /// How many records were acknowledged.
    package private(set) var acknowledgedCount = 0

    /// Of all acknowledged records, in order.
    package var acknowledgedOffsets: [Offset] { acknowledged.keys.sorted() }

    package init() {}

    package mutating func didSend(_ id: RecordID) {
        sent.insert(id)
    }

    package mutating func didAcknowledge(_ id: RecordID, at offset: Offset) {
        acknowledged[offset, default: []].append(id)
        acknowledgedCount += 1
    }

    /// Checks one partition's whole log. Pass `contiguous: false` where compaction or retention may have taken records.
    package func violations(in log: [(offset: Offset, id: RecordID)], contiguous: Bool = true) -> [Violation] {
        var violations: [Violation] = []
        var offsets: [RecordID: [Offset]] = [:]
        var last: [Int: RecordID] = [:]
        var previous: Offset?
        for (offset, id) in log {
            if let previous, contiguous ? offset != previous + 1 : offset <= previous {
                violations.append(.gap(after: previous, next: offset))
            }
            previous = offset
            offsets[id, default: []].append(offset)
            if !sent.contains(id) { violations.append(.phantom(id, offset: offset)) }
            if let before = last[id.producer], before.number > id.number {
                violations.append(.reordered(earlier: id, later: before))
            }
            last[id.producer] = id
        }
        for (id, places) in offsets where places.count > 1 {
            violations.append(.duplicated(id, offsets: places))
        }
        let found = Dictionary(log.map { ($0.offset, $0.id) }, uniquingKeysWith: { first, _ in first })
        for (offset, ids) in acknowledged {
            for id in ids where found[offset] != id {
                violations.append(.lost(id, offset: offset, found: found[offset]))
            }
        }
        return violations
    }
}
