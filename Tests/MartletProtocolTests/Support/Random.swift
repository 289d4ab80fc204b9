import MartletProtocol
import TestSeeds

/// A message of which tests make random values; generated code conforms.
protocol RandomMessage: WireMessage {
    static func random(using random: inout Random) -> Self
}

/// A seeded source of field values, with the edges of every type more frequent than chance has them.
struct Random: RandomNumberGenerator {
    private var source: SeededGenerator

    init(seed: UInt64) {
        source = SeededGenerator(seed: seed)
    }

    mutating func next() -> UInt64 { source.next() }

    mutating func below(_ limit: Int) -> Int {
        Int.random(in: 0..<limit, using: &self)
    }

    mutating func int32() -> Int32 { number() }
    mutating func int64() -> Int64 { number() }
    mutating func uint32() -> UInt32 { number() }
    mutating func uint64() -> UInt64 { number() }
    mutating func bool() -> Bool { Bool.random(using: &self) }

    mutating func bytes() -> [UInt8] {
        let count = below(4) == 0 ? 0 : below(40)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    mutating func string() -> String {
        let alphabet: [Character] = ["a", "Z", "0", " ", "\n", "\0", "é", "€", "🐦", "👩‍🚀"]
        return String((0..<below(20)).map { _ in alphabet[below(alphabet.count)] })
    }

    mutating func list<Element>(_ element: (inout Random) -> Element) -> [Element] {
        (0..<below(4)).map { _ in element(&self) }
    }

    mutating func maybe<Value>(_ value: (inout Random) -> Value) -> Value? {
        bool() ? value(&self) : nil
    }

    private mutating func number<Number: FixedWidthInteger>() -> Number {
        switch below(6) {
        case 0: 0
        case 1: 1
        case 2: Number.isSigned ? Number.max : Number.min
        case 3: Number.isSigned ? Number.min : Number.max
        case 4: Number.isSigned ? ~0 : 127
        default: Number.random(in: .min ... .max, using: &self)
        }
    }
}
