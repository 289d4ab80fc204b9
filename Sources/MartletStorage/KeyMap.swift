internal import MartletCore

/// A 128-bit hash of a record's key, under a seed that nobody can know beforehand: with 2^-128 for a pair, collisions
/// are not a matter of concern, and cannot be made on purpose.
struct KeyHash: Hashable {
    var high: UInt64
    var low: UInt64

    struct Seed {
        var high: UInt64
        var low: UInt64

        static func random() -> Seed {
            Seed(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
        }
    }

    init(_ key: UnsafeRawBufferPointer, seed: Seed) {
        high = seed.high ^ UInt64(key.count)
        low = seed.low
        var rest = key
        while rest.count >= 8 {
            mix(rest.loadUnaligned(as: UInt64.self))
            rest = UnsafeRawBufferPointer(rebasing: rest[8...])
        }
        var word: UInt64 = 0
        for byte in rest { word = word << 8 | UInt64(byte) }
        mix(word)
        mix(seed.high &+ seed.low)
    }

    /// Multiplies to 128 bits and folds, once in each lane (the step of wyhash).
    private mutating func mix(_ word: UInt64) {
        high = Self.fold(high ^ word, 0xa076_1d64_78bd_642f)
        low = Self.fold(low &+ word ^ high, 0xe703_7ed1_a0b4_28db)
    }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low ^ left
    }
}

/// The newest offset of each key, in bounded memory: 24 bytes a slot, at most three quarters of them used. Not
/// thread-safe.
struct KeyMap: ~Copyable {
    private struct Slot {
        var hash: KeyHash
        /// -1: free.
        var offset: Offset
    }

    private var slots: UnsafeMutableBufferPointer<Slot>
    private let slotsMax: Int
    private(set) var count = 0

    /// - Parameter memoryBytes: what the slots may take at most.
    init(memoryBytes: Int) {
        let most = max(64, memoryBytes / MemoryLayout<Slot>.stride)
        slotsMax = 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
        slots = Self.allocate(min(slotsMax, 1_024))
    }

    deinit {
        slots.deallocate()
    }

    /// Notes that the key stands at `offset`, unless a later one is known. False when there is no room for a new key.
    mutating func note(_ hash: KeyHash, at offset: Offset) -> Bool {
        var index = place(of: hash)
        if slots[index].offset >= 0 {
            slots[index].offset = max(slots[index].offset, offset)
            return true
        }
        if (count + 1) * 4 > slots.count * 3 {
            guard grow() else { return false }
            index = place(of: hash)
        }
        slots[index] = Slot(hash: hash, offset: offset)
        count += 1
        return true
    }

    /// The newest offset of the key; nil when it was not noted.
    func newest(_ hash: KeyHash) -> Offset? {
        let offset = slots[place(of: hash)].offset
        return offset < 0 ? nil : offset
    }

    /// The key's slot, or the free one where it would go.
    private func place(of hash: KeyHash) -> Int {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash.low) & mask
        while slots[index].offset >= 0 && slots[index].hash != hash { index = (index + 1) & mask }
        return index
    }

    private mutating func grow() -> Bool {
        guard slots.count < slotsMax else { return false }
        let old = slots
        slots = Self.allocate(old.count * 2)
        for slot in old where slot.offset >= 0 { slots[place(of: slot.hash)] = slot }
        old.deallocate()
        return true
    }

    private static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
        let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
        slots.initialize(repeating: Slot(hash: KeyHash(high: 0, low: 0), offset: -1))
        return slots
    }
}

extension KeyHash {
    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
