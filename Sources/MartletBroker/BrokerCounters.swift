internal import Synchronization

/// What the data path did since the start. Any thread.
package final class BrokerCounters: Sendable {
    package struct Snapshot: Sendable, Equatable {
        package var batchesIn = 0
        package var bytesIn = 0
        package var batchesRefused = 0
        package var fetches = 0
        package var bytesOut = 0
        package var fetchesWaiting = 0
        package var producesWaiting = 0
    }

    private let batchesIn = Atomic<Int>(0)
    private let bytesIn = Atomic<Int>(0)
    private let batchesRefused = Atomic<Int>(0)
    private let fetches = Atomic<Int>(0)
    private let bytesOut = Atomic<Int>(0)
    private let fetchesWaiting = Atomic<Int>(0)
    private let producesWaiting = Atomic<Int>(0)

    package var snapshot: Snapshot {
        Snapshot(
            batchesIn: batchesIn.load(ordering: .relaxed), bytesIn: bytesIn.load(ordering: .relaxed),
            batchesRefused: batchesRefused.load(ordering: .relaxed), fetches: fetches.load(ordering: .relaxed),
            bytesOut: bytesOut.load(ordering: .relaxed), fetchesWaiting: fetchesWaiting.load(ordering: .relaxed),
            producesWaiting: producesWaiting.load(ordering: .relaxed))
    }

    func appended(bytes: Int) {
        batchesIn.wrappingAdd(1, ordering: .relaxed)
        bytesIn.wrappingAdd(bytes, ordering: .relaxed)
    }

    func refusedBatch() {
        batchesRefused.wrappingAdd(1, ordering: .relaxed)
    }

    func fetched(bytes: Int) {
        fetches.wrappingAdd(1, ordering: .relaxed)
        bytesOut.wrappingAdd(bytes, ordering: .relaxed)
    }

    func fetchesWaiting(by change: Int) {
        fetchesWaiting.wrappingAdd(change, ordering: .relaxed)
    }

    func producesWaiting(by change: Int) {
        producesWaiting.wrappingAdd(change, ordering: .relaxed)
    }
}
