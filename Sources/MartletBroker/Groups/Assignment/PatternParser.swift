internal import MartletCore

/// A pattern as it was read.
indirect enum PatternTree: Equatable {
    case bytes(ByteSet)
    case start
    case end
    case sequence([PatternTree])
    case either([PatternTree])
    /// At least `least` times; at most `most` times, or any number of times.
    case repeated(PatternTree, least: Int, most: Int?)
}

/// Reads a pattern by recursive descent.
struct PatternParser {
    /// Groups inside groups: bounds the parser's stack.
    private static let depthMax = 50
    private static let repetitionsMax = 1_000

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ source: String) { bytes = Array(source.utf8) }

    mutating func parse() throws(BrokerError) -> PatternTree {
        let tree = try either()
        guard position == bytes.count else { throw failure("a ')' that closes nothing") }
        return tree
    }

    private mutating func either() throws(BrokerError) -> PatternTree {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .either(branches)
    }

    private mutating func sequence() throws(BrokerError) -> PatternTree {
        var parts: [PatternTree] = []
        while let next = peek, next != UInt8(ascii: "|"), next != UInt8(ascii: ")") {
            parts.append(try repeated(try atom()))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom() throws(BrokerError) -> PatternTree {
        let byte = try next()
        switch byte {
        case UInt8(ascii: "("): return try group()
        case UInt8(ascii: "["): return .bytes(try byteClass())
        case UInt8(ascii: "."): return .bytes(.any)
        case UInt8(ascii: "^"): return .start
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "\\"): return .bytes(try escaped())
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            position -= 1
            throw failure("a repetition of nothing")
        default: return .bytes(ByteSet([byte]))
        }
    }

    private mutating func group() throws(BrokerError) -> PatternTree {
        depth += 1
        guard depth <= Self.depthMax else { throw failure("more than \(Self.depthMax) groups inside one another") }
        if take("?"), !take(":") { throw failure("a kind of group that is not supported") }
        let tree = try either()
        guard take(")") else { throw failure("a group that is not closed") }
        depth -= 1
        return tree
    }

    private mutating func repeated(_ tree: PatternTree) throws(BrokerError) -> PatternTree {
        var tree = tree
        var operators = 0
        while let (least, most) = try repetition() {
            operators += 1
            guard operators == 1 else { throw failure("a repetition of a repetition: put the first into a group") }
            // Lazy or not, the same names match.
            _ = take("?")
            tree = .repeated(tree, least: least, most: most)
        }
        return tree
    }

    private mutating func repetition() throws(BrokerError) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        let least = try number()
        var most: Int? = least
        if take(",") { most = peek == UInt8(ascii: "}") ? nil : try number() }
        guard take("}") else { throw failure("a repetition that is not closed") }
        guard most ?? least >= least else { throw failure("a repetition of at least more than at most") }
        return (least, most)
    }

    private mutating func number() throws(BrokerError) -> Int {
        var value = 0
        let start = position
        while let digit = peek, ByteSet.digits.contains(digit) {
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
            guard value <= Self.repetitionsMax else { throw failure("a repetition above \(Self.repetitionsMax)") }
            position += 1
        }
        guard position > start else { throw failure("a repetition without number") }
        return value
    }

    private mutating func byteClass() throws(BrokerError) -> ByteSet {
        let isInverted = take("^")
        var set = ByteSet([])
        var isFirst = true
        while isFirst || peek != UInt8(ascii: "]") {
            isFirst = false
            let (low, lowSet) = try classMember()
            guard let low else {
                set.formUnion(lowSet)
                continue
            }
            guard peek == UInt8(ascii: "-"), position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "]") else {
                set.insert(low)
                continue
            }
            position += 1
            guard let high = try classMember().byte, high >= low else { throw failure("a range that goes backwards") }
            for byte in low...high { set.insert(byte) }
        }
        position += 1
        return isInverted ? set.inverted : set
    }

    /// A single byte, or several by an escape.
    private mutating func classMember() throws(BrokerError) -> (byte: UInt8?, set: ByteSet) {
        guard position < bytes.count else { throw failure("a class that is not closed") }
        let byte = try next()
        guard byte == UInt8(ascii: "\\") else { return (byte, ByteSet([byte])) }
        let after = peek
        let set = try escaped()
        if let after, set == ByteSet([after]) { return (after, set) }
        return (nil, set)
    }

    private mutating func escaped() throws(BrokerError) -> ByteSet {
        guard position < bytes.count else { throw failure("a '\\' at the end") }
        let byte = try next()
        switch byte {
        case UInt8(ascii: "d"): return .digits
        case UInt8(ascii: "D"): return ByteSet.digits.inverted
        case UInt8(ascii: "w"): return .word
        case UInt8(ascii: "W"): return ByteSet.word.inverted
        case UInt8(ascii: "s"): return .space
        case UInt8(ascii: "S"): return ByteSet.space.inverted
        default:
            guard !ByteSet.word.contains(byte) else {
                position -= 1
                throw failure("an escape that is not supported")
            }
            return ByteSet([byte])
        }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func next() throws(BrokerError) -> UInt8 {
        guard let byte = peek else { throw failure("an end where more should be") }
        position += 1
        return byte
    }

    private func failure(_ what: String) -> BrokerError {
        BrokerError(
            .invalidRegularExpression,
            "the pattern \"\(String(decoding: bytes, as: UTF8.self))\" has \(what), at character \(position + 1)")
    }
}
