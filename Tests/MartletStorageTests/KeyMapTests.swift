import MartletCore
import Testing

@testable import MartletStorage

@Suite("The map of a compaction's keys")
struct KeyMapTests {
    private let seed = KeyHash.Seed(high: 1, low: 2)

    private func hash(_ key: String) -> KeyHash {
        Array(key.utf8).withUnsafeBytes { KeyHash($0, seed: seed) }
    }

    @Test("the newest offset of each key is found, and it grows as it needs")
    func newest() {
        var map = KeyMap(memoryBytes: 1 << 20)
        for round in 0..<3 as Range<Offset> {
            for key in 0..<10_000 as Range<Offset> {
                let isNoted = map.note(hash("key \(key)"), at: round * 10_000 + key)
                #expect(isNoted)
            }
        }
        let count = map.count
        #expect(count == 10_000)
        for key in 0..<10_000 as Range<Offset> {
            let newest = map.newest(hash("key \(key)"))
            #expect(newest == 20_000 + key)
        }
        let stranger = map.newest(hash("another"))
        #expect(stranger == nil)
    }

    @Test("it takes no more memory than it may, and still updates known keys then")
    func bounded() {
        var map = KeyMap(memoryBytes: 4_096)
        var taken = 0
        while map.note(hash("key \(taken)"), at: Offset(taken)) { taken += 1 }
        #expect(taken <= 4_096 / 24 && taken > 4_096 / 24 / 4)
        let isUpdated = map.note(hash("key 0"), at: 99)
        let newest = map.newest(hash("key 0"))
        #expect(isUpdated && newest == 99)
    }

    @Test("keys that differ in one byte, in length, or in their tail hash differently")
    func hashing() {
        var seen: Set<KeyHash> = []
        for length in 0..<40 {
            for position in 0..<max(1, length) {
                var bytes = [UInt8](repeating: 0, count: length)
                if length > 0 { bytes[position] = 1 }
                let hash = bytes.withUnsafeBytes { KeyHash($0, seed: seed) }
                let isNew = seen.insert(hash).inserted
                #expect(isNew)
            }
        }
        let other = Array("a".utf8).withUnsafeBytes { KeyHash($0, seed: KeyHash.Seed(high: 9, low: 9)) }
        #expect(other != hash("a"))
    }
}
