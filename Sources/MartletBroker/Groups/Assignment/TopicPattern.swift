internal import MartletCore

/// A regular expression that whole topic names are matched against, in time proportional to name times pattern whatever
/// the pattern is: a subscription comes from anybody, and a backtracking matcher could be kept busy for years by one.
///
/// Literals, `.`, classes `[a-z]` `[^0-9]`, `\d \w \s \D \W \S`, escaped punctuation, groups `( )` and `(?: )`, `|`,
/// `*` `+` `?` `{n}` `{n,}` `{n,m}` (also lazy, which changes nothing here), `^` and `$`. The machine is Thompson's
/// (1968): all places of the program that the name read so far can have led to are followed at once.
package struct TopicPattern: Sendable, Equatable {
    enum Instruction: Sendable, Equatable {
        case byte(ByteSet)
        /// Goes on at both.
        case split(Int, Int)
        case jump(Int)
        case assertStart
        case assertEnd
        case match
    }

    /// Instructions of one pattern: what counted repetitions may grow to.
    static let instructionsMax = 10_000

    package let source: String
    private let program: [Instruction]

    /// Throws INVALID_REGULAR_EXPRESSION, with the place of what cannot be read.
    package init(_ source: String) throws(BrokerError) {
        guard source.utf8.count <= GroupLimits.patternBytes else {
            throw BrokerError(
                .invalidRegularExpression,
                "the pattern has \(source.utf8.count) bytes; at most \(GroupLimits.patternBytes)")
        }
        var parser = PatternParser(source)
        let tree = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.compile(tree)
        self.source = source
        program = compiler.finish()
    }

    /// Whether the pattern matches the whole of `name`.
    package func matches(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        var places = PlaceSet(count: program.count)
        add(0, to: &places, at: 0, of: bytes.count)
        for (index, byte) in bytes.enumerated() {
            var next = PlaceSet(count: program.count)
            for place in places.members {
                if case .byte(let set) = program[place], set.contains(byte) {
                    add(place + 1, to: &next, at: index + 1, of: bytes.count)
                }
            }
            if next.members.isEmpty { return false }
            places = next
        }
        return places.members.contains { program[$0] == .match }
    }

    /// Adds `place` and all places that it leads to without reading a byte.
    private func add(_ place: Int, to places: inout PlaceSet, at index: Int, of count: Int) {
        var pending = [place]
        while let place = pending.popLast() {
            guard places.insert(place) else { continue }
            switch program[place] {
            case .jump(let target): pending.append(target)
            case .split(let first, let second): pending += [first, second]
            case .assertStart: if index == 0 { pending.append(place + 1) }
            case .assertEnd: if index == count { pending.append(place + 1) }
            case .byte, .match: break
            }
        }
    }

    private struct PlaceSet {
        private(set) var members: [Int] = []
        private var isMember: [Bool]

        init(count: Int) { isMember = Array(repeating: false, count: count) }

        mutating func insert(_ place: Int) -> Bool {
            guard !isMember[place] else { return false }
            isMember[place] = true
            members.append(place)
            return true
        }
    }
}

/// Some of the 256 bytes.
struct ByteSet: Sendable, Equatable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    static let any = ByteSet(0...255)
    static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
    static let word = ByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_".utf8)
    static let space = ByteSet(" \t\n\r\u{b}\u{c}".utf8)

    var inverted: ByteSet { ByteSet((0...255).filter { !contains($0) }) }

    func contains(_ byte: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: return words.0 & bit != 0
        case 1: return words.1 & bit != 0
        case 2: return words.2 & bit != 0
        default: return words.3 & bit != 0
        }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    mutating func formUnion(_ other: ByteSet) {
        words = (
            words.0 | other.words.0, words.1 | other.words.1, words.2 | other.words.2, words.3 | other.words.3
        )
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }
}
