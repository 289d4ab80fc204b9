import MartletCore
import Testing

@Suite("Murmur2")
struct Murmur2Tests {
    @Test(
        "hashes are those that Kafka publishes",
        arguments: [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] as [(String, Int32)])
    func vectors(key: String, hash: Int32) {
        #expect(Array(key.utf8).withUnsafeBytes { Murmur2.hash($0) } == hash)
        let partition = Array(key.utf8).withUnsafeBytes { Murmur2.partition(forKey: $0, count: 7) }
        #expect(partition == PartitionIndex(Int(hash & 0x7fff_ffff) % 7))
        #expect((0..<7).contains(partition))
    }
}

@Suite("Topic names")
struct TopicNameTests {
    @Test(
        "letters, digits, dots, underscores and hyphens make a name", arguments: ["a", "A.b_c-9", "...", "_x", "__x"])
    func accepted(name: String) throws {
        try TopicName.check(name)
        #expect(try TopicName.decode(Array(name.utf8)) == name)
    }

    @Test(
        "other names are refused with the reason",
        arguments: [
            ("", .empty), (".", .onlyDots), ("..", .onlyDots), ("a/b", .badCharacter("/")), ("a b", .badCharacter(" ")),
            ("a\u{0}", .badCharacter("\\0")), ("ä", .badCharacter("\\u{00E4}")), ("a\n", .badCharacter("\\n")),
        ] as [(String, TopicNameError)])
    func refused(name: String, reason: TopicNameError) {
        #expect(throws: reason) { try TopicName.check(name) }
        #expect(throws: reason) { try TopicName.decode(Array(name.utf8)) }
    }

    @Test("a name has at most 249 bytes")
    func length() throws {
        try TopicName.check(String(repeating: "x", count: 249))
        #expect(throws: TopicNameError.tooLong(bytes: 250)) { try TopicName.check(String(repeating: "x", count: 250)) }
        #expect(throws: TopicNameError.tooLong(bytes: 300)) {
            try TopicName.decode([UInt8](repeating: 0xff, count: 300))
        }
    }

    @Test("bytes that are not UTF-8 are no name")
    func notUTF8() {
        #expect(throws: TopicNameError.self) { try TopicName.decode([0x61, 0xff]) }
    }

    @Test("names that begin with two underscores are the broker's")
    func reserved() throws {
        #expect(throws: TopicNameError.reserved) { try TopicName.checkNew("__consumer_offsets") }
        try TopicName.checkNew("_mine")
        #expect(TopicName.isReserved("__x"))
    }
}

@Suite("Compression names")
struct CompressionTests {
    @Test("a name leads back to its codec", arguments: Compression.allCases)
    func names(compression: Compression) {
        #expect(Compression(compression.description) == compression)
        #expect(Compression("LZ4") == nil)
    }
}
