/// How often what happened in a run. A run that saw none of it proves nothing (RULES 31).
package struct Tally<Kind: Hashable & Sendable>: Sendable, Equatable {
    private var counts: [Kind: Int] = [:]

    package init() {}

    package subscript(kind: Kind) -> Int {
        get { counts[kind, default: 0] }
        set { counts[kind] = newValue }
    }

    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.counts.merge(right.counts, uniquingKeysWith: +)
        return sum
    }
}

extension Tally: CustomStringConvertible where Kind: CaseIterable {
    package var description: String {
        Kind.allCases.map { "\($0) \(self[$0])" }.joined(separator: ", ")
    }
}
