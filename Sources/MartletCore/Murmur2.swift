/// The hash by which Kafka's clients spread keys over partitions: Austin Appleby's MurmurHash2 with Kafka's seed.
public enum Murmur2 {
    private static let seed: UInt32 = 0x9747_b28c
    private static let multiplier: UInt32 = 0x5bd1_e995

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var hash = seed ^ UInt32(truncatingIfNeeded: bytes.count)
        let wordBytes = bytes.count & ~3
        for at in stride(from: 0, to: wordBytes, by: 4) {
            var word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
            word &*= multiplier
            word ^= word >> 24
            word &*= multiplier
            hash = hash &* multiplier ^ word
        }
        if wordBytes < bytes.count {
            for at in (wordBytes..<bytes.count).reversed() {
                hash ^= UInt32(bytes[at]) << UInt32(8 * (at - wordBytes))
            }
            hash &*= multiplier
        }
        hash ^= hash >> 13
        hash &*= multiplier
        hash ^= hash >> 15
        return Int32(bitPattern: hash)
    }

    /// The partition that records with this key belong to, of `count` (at least 1), as Kafka's clients choose it.
    public static func partition(forKey key: UnsafeRawBufferPointer, count: Int) -> PartitionIndex {
        PartitionIndex(Int(hash(key) & 0x7fff_ffff) % count)
    }
}
