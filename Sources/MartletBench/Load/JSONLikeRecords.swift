/// Records as services log them: 1 KiB of JSON each, alike in shape and different in content. The same in every run.
package struct JSONLikeRecords: Sendable {
    package static let valueBytes = 1024
    package static let keyCount = 100

    /// 2,048 values of 1 KiB: more than any compression window holds.
    package let values: [[UInt8]]
    package let keys: [[UInt8]]

    package init() {
        var random = SplitMix(state: 0x6d61_7274_6c65_7400)
        keys = (0..<Self.keyCount).map { Array("customer-\(10_000 + $0 * 37)".utf8) }
        values = (0..<2048).map { Self.value(number: $0, random: &random) }
    }

    private static let actions = ["view", "search", "add-to-basket", "checkout", "payment", "refund", "login"]
    private static let words = [
        "swift", "heraldic", "river", "ledger", "copper", "winter", "harbour", "signal", "orchard", "lantern", "gravel",
        "meadow", "anchor", "thimble", "quarry", "saddle",
    ]

    private static func value(number: Int, random: inout SplitMix) -> [UInt8] {
        var text = "{\"id\":\(1_000_000 + number),\"time\":\"2026-03-\(10 + random.below(20))T\(10 + random.below(14))"
        text += ":\(10 + random.below(50)):\(10 + random.below(50)).\(100 + random.below(900))Z\""
        text +=
            ",\"customer\":\"customer-\(random.below(100_000))\",\"action\":\"\(actions[random.below(actions.count)])\""
        text += ",\"session\":\"\(String(random.next(), radix: 16))\",\"amount\":\(random.below(100_000))"
        text += ",\"address\":\"10.\(random.below(256)).\(random.below(256)).\(random.below(256))\",\"note\":\""
        while text.utf8.count < valueBytes - 24 {
            text += random.below(4) == 0 ? String(random.below(1_000_000)) : words[random.below(words.count)]
            text += " "
        }
        var bytes = Array(text.utf8.prefix(valueBytes - 2))
        while bytes.count < valueBytes - 2 { bytes.append(UInt8(ascii: ".")) }
        return bytes + Array("\"}".utf8)
    }
}

/// Steele, Lea and Flood's SplitMix64: small, and the same everywhere.
package struct SplitMix: RandomNumberGenerator, Sendable {
    var state: UInt64

    package init(state: UInt64) {
        self.state = state
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
