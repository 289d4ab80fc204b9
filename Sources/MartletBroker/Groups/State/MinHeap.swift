/// Keys in the order of a number that each was inserted with, such as a deadline; equal ones in the order of the keys.
/// Entries are not changed in the middle: who takes one out looks whether it still holds.
struct MinHeap<Key: Sendable & Comparable>: Sendable {
    private var entries: [(rank: Int64, key: Key)] = []

    var first: Int64? { entries.first?.rank }
    var count: Int { entries.count }

    /// O(log n).
    mutating func insert(_ key: Key, at rank: Int64) {
        entries.append((rank, key))
        var child = entries.count - 1
        while child > 0, comesFirst(child, (child - 1) / 2) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out the first entry, if its number is at most `limit`. O(log n).
    mutating func pop(upTo limit: Int64 = .max) -> (rank: Int64, key: Key)? {
        guard let first = entries.first, first.rank <= limit else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in 2 * parent + 1...2 * parent + 2 where child < entries.count && comesFirst(child, least) {
                least = child
            }
            if least == parent { return first }
            entries.swapAt(parent, least)
            parent = least
        }
    }

    private func comesFirst(_ left: Int, _ right: Int) -> Bool {
        (entries[left].rank, entries[left].key) < (entries[right].rank, entries[right].key)
    }
}
