import MartletCore
import Testing

@testable import Martlet

@Suite("processing in parallel: who works on what, and how far it is committed")
struct ProcessTrackerTests {
    private let partition = TopicPartition(topic: "t", partition: 0)

    private func record(_ offset: Offset, key: String? = nil, partition: PartitionIndex = 0) -> Record {
        Record(
            topic: "t", partition: partition, offset: offset, timestamp: 0, key: key.map { Array($0.utf8) }, value: nil)
    }

    /// The offsets of all that can be begun now.
    private func takeAll(_ tracker: inout ProcessTracker) -> [Offset] {
        var offsets: [Offset] = []
        while let job = tracker.take() { offsets.append(job.record.offset) }
        return offsets
    }

    @Test("the commit position never passes an unfinished record")
    func position() throws {
        var tracker = ProcessTracker(inFlightMax: 10)
        for offset in 5..<9 as Range<Offset> { tracker.add(record(offset, key: "\(offset)")) }
        let jobs = (0..<4).compactMap { _ in tracker.take() }
        #expect(jobs.map(\.record.offset) == [5, 6, 7, 8])
        tracker.finish(jobs[2], isDone: true)
        #expect(tracker.position(of: partition) == 5)
        tracker.finish(jobs[0], isDone: true)
        #expect(tracker.position(of: partition) == 6)
        tracker.finish(jobs[1], isDone: false)
        tracker.finish(jobs[3], isDone: true)
        #expect(tracker.position(of: partition) == 6 && tracker.inFlight == 0)
    }

    @Test("records of one key wait for one another, also those without a key of one partition; others do not")
    func lanes() throws {
        var tracker = ProcessTracker(inFlightMax: 10)
        for (offset, key) in ["a", "b", "a", nil, nil].enumerated() { tracker.add(record(Offset(offset), key: key)) }
        let first = (0..<5).compactMap { _ in tracker.take() }
        #expect(first.map(\.record.offset) == [0, 1, 3])
        tracker.finish(first[0], isDone: true)
        #expect(takeAll(&tracker) == [2])
        tracker.finish(first[2], isDone: true)
        #expect(takeAll(&tracker) == [4])
    }

    @Test("what is full takes no more until something is finished")
    func room() throws {
        var tracker = ProcessTracker(inFlightMax: 2)
        tracker.add(record(0))
        #expect(tracker.hasRoom)
        tracker.add(record(1))
        #expect(!tracker.hasRoom)
        let taken = tracker.take()
        let job = try #require(taken)
        #expect(!tracker.hasRoom)
        tracker.finish(job, isDone: true)
        #expect(tracker.hasRoom)
    }

    @Test("a partition that goes begins nothing more; what comes back is another tenure")
    func leaving() throws {
        var tracker = ProcessTracker(inFlightMax: 10)
        for offset in 0..<4 as Range<Offset> { tracker.add(record(offset, key: "\(offset % 2)")) }
        let taken = tracker.take()
        let old = try #require(taken)
        tracker.close([partition])
        #expect(takeAll(&tracker).isEmpty && !tracker.isIdle(partition))
        tracker.forget([partition])
        tracker.add(record(0, key: "0"))
        tracker.add(record(1, key: "1"))
        // The key is still being worked on: its record waits.
        #expect(takeAll(&tracker) == [1])
        tracker.finish(old, isDone: true)
        #expect(tracker.position(of: partition) == 0)
        #expect(takeAll(&tracker) == [0])
        #expect(tracker.inFlight == 2)
    }

    @Test("random histories: order within keys, nothing left out, nothing committed too early", arguments: 0..<200)
    func histories(seed: Int) throws {
        var history = TrackerHistory(seed: UInt64(seed))
        try history.run()
        #expect(history.begun > 100 && history.losses > 0)
    }
}

/// Random calls to a tracker, with a plain model beside it.
private struct TrackerHistory {
    private var random: RandomSource
    private var tracker = ProcessTracker(inFlightMax: 20)
    private var nextOffset: [PartitionIndex: Offset] = [:]
    private var running: [ProcessTracker.Job] = []
    /// Of the partition's present tenure.
    private var unfinished: [PartitionIndex: Set<Offset>] = [:]
    private var lastBegun: [ProcessTracker.Lane: Offset] = [:]
    private var closing: Set<PartitionIndex> = []
    private(set) var begun = 0
    private(set) var losses = 0

    init(seed: UInt64) { random = RandomSource(seed: seed) }

    mutating func run() throws {
        for _ in 0..<1_500 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<40: add()
            case 40..<70: try take()
            case 70..<96: finish()
            case 96..<98: close()
            default: forget()
            }
            try check()
        }
        while !running.isEmpty || tracker.inFlight > 0 {
            try take()
            finish()
        }
        for partition in nextOffset.keys where !closing.contains(partition) {
            let position = tracker.position(of: TopicPartition(topic: "t", partition: partition))
            try #require(position == nil || position == nextOffset[partition])
        }
    }

    private mutating func add() {
        guard tracker.hasRoom else { return }
        let partition = PartitionIndex.random(in: 0..<3, using: &random)
        guard !closing.contains(partition) else { return }
        let offset = nextOffset[partition, default: 0] + Offset.random(in: 0...2, using: &random)
        nextOffset[partition] = offset + 1
        unfinished[partition, default: []].insert(offset)
        let key = Int.random(in: 0..<6, using: &random)
        tracker.add(
            Record(
                topic: "t", partition: partition, offset: offset, timestamp: 0, key: key == 0 ? nil : [UInt8(key)],
                value: nil))
    }

    private mutating func take() throws {
        guard let job = tracker.take() else { return }
        begun += 1
        try #require(!running.contains { $0.lane == job.lane }, "two at one key")
        try #require(!closing.contains(job.record.partition), "begun while the partition goes")
        if let last = lastBegun[job.lane] { try #require(job.record.offset > last, "out of order") }
        lastBegun[job.lane] = job.record.offset
        running.append(job)
    }

    private mutating func finish() {
        guard let index = running.indices.randomElement(using: &random) else { return }
        let job = running.remove(at: index)
        tracker.finish(job, isDone: true)
        unfinished[job.record.partition]?.remove(job.record.offset)
    }

    private mutating func close() {
        let partition = PartitionIndex.random(in: 0..<3, using: &random)
        closing.insert(partition)
        tracker.close([TopicPartition(topic: "t", partition: partition)])
    }

    /// It is another's; what runs is finished without effect. Later it comes back.
    private mutating func forget() {
        let partition = PartitionIndex.random(in: 0..<3, using: &random)
        losses += 1
        tracker.forget([TopicPartition(topic: "t", partition: partition)])
        running.removeAll { job in
            guard job.record.partition == partition else { return false }
            tracker.finish(job, isDone: true)
            return true
        }
        closing.remove(partition)
        unfinished[partition] = []
    }

    private func check() throws {
        try #require(tracker.inFlight <= 20)
        for (partition, offsets) in unfinished {
            guard let position = tracker.position(of: TopicPartition(topic: "t", partition: partition)) else {
                continue
            }
            let first = offsets.min() ?? nextOffset[partition] ?? 0
            if closing.contains(partition) {
                try #require(position <= first)
            } else {
                try #require(position == first, "\(partition): at \(position), the first unfinished is \(first)")
            }
        }
    }
}
