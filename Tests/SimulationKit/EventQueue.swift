/// What is to happen in a simulated world, in the order of its time; at one time in the order it was added.
package struct EventQueue<Event> {
    private struct Entry {
        var time: Int64
        var number: Int
        var event: Event
    }

    private var heap: [Entry] = []
    private var added = 0

    package init() {}

    package mutating func add(_ event: Event, at time: Int64) {
        heap.append(Entry(time: time, number: added, event: event))
        added += 1
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The next event at or before `end`, and its time.
    package mutating func popFirst(upTo end: Int64) -> (time: Int64, event: Event)? {
        guard let time = heap.first?.time, time <= end else { return nil }
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && precedes(child, least) {
                least = child
            }
            if least == parent { break }
            heap.swapAt(parent, least)
            parent = least
        }
        return (first.time, first.event)
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].number) < (heap[right].time, heap[right].number)
    }
}
