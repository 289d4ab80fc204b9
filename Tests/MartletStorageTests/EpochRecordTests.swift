import MartletCore
import Testing

@testable import MartletStorage

@Suite("Epochs in checkpoints")
struct EpochRecordTests {
    private let clock = ManualClock()

    @Test("a line of the checkpoint never names an epoch while an earlier one is on disk nowhere")
    func lineHoldsTheFirstUnwrittenEpoch() throws {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions(clock: clock))
        let log = try store.create(partition(), topic: "t", settings: LogSettings())
        try log.startLeaderEpoch(1)
        try record(log, expecting: 1)
        try append(log)
        // Begins while a checkpoint is being made, behind its look for earlier epochs.
        try log.startLeaderEpoch(2)
        try record(log, expecting: 1)
        try append(log)
        try log.startLeaderEpoch(3)
        try log.writeEarlierEpochs()
        try record(log, expecting: 3)
        try append(log)
        store.close()

        let reopened = try LogStore(directory: directory.path, options: testOptions(clock: clock))
        let again = try reopened.open(partition(), topic: "t", settings: LogSettings())
        reopened.startBackground()
        reopened.waitForRecovery()
        #expect(again.state == .online)
        #expect(again.epochHistory.map(\.epoch) == [1, 2, 3])
        reopened.close()
    }

    private func append(_ log: PartitionLog) throws {
        let bytes = try batch([TestRecord(timestamp: clock.wallTime, key: nil, value: "v")])
        try log.append(bytes, epoch: log.highestEpoch, now: clock.wallTime)
    }

    private func record(_ log: PartitionLog, expecting epoch: LeaderEpoch) throws {
        let entry = try #require(log.checkpointEntry(isClean: false))
        #expect(entry.latestEpoch == epoch)
        log.didCheckpoint(entry)
    }
}
