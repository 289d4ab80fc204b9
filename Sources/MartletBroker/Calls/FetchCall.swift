internal import MartletCore
internal import NIOCore

/// A fetch that waits for records.
///
/// Sendable: its mutable state is touched on its event loop only, which every method checks; other threads only pass
/// the reference on.
final class FetchCall: NIOScheduledCallbackHandler, @unchecked Sendable {
    /// Unique among the calls of the process: names the call in partitions' lists.
    let id: UInt64
    let mailbox: LoopMailbox
    let isReplica: Bool
    var mayReadFollowers: Bool { reader.mayReadFollowers }
    private let reader: FetchReader
    private let reply: @Sendable ([FetchOutcome]) -> Void

    /// How each item stood when it was looked at last, and the bytes it had.
    private var looks: [FetchReader.Look]
    private var bytesFound: Int
    /// Items that the partition will wake.
    private var isWaiting: [Bool]
    private var timer: NIOScheduledCallback?
    private var isDone = false

    init(
        id: UInt64, reader: FetchReader, looks: [FetchReader.Look], mailbox: LoopMailbox,
        reply: @escaping @Sendable ([FetchOutcome]) -> Void
    ) {
        self.id = id
        self.reader = reader
        isReplica = reader.query.replica != nil
        self.looks = looks
        self.mailbox = mailbox
        self.reply = reply
        bytesFound = looks.reduce(0) { $0 + $1.bytes }
        isWaiting = Array(repeating: false, count: looks.count)
    }

    /// Has every partition wake this call. Runs after the first look, which found too little.
    func park(timeout: Duration) {
        mailbox.loop.preconditionInEventLoop()
        reader.broker.counters.fetchesWaiting(by: 1)
        timer = try? mailbox.loop.scheduleCallback(in: TimeAmount(timeout), handler: self)
        for item in looks.indices where !isDone { wait(item) }
    }

    var isWaitingForRecords: Bool { !isDone }

    /// Waits for the item's partition, or looks again when it has moved in the meantime.
    private func wait(_ item: Int) {
        while !isDone {
            guard let partition = looks[item].partition else { return finish() }
            if partition.wait(self, item: item, query: reader.query.items[item], since: looks[item].view) {
                isWaiting[item] = true
                return
            }
            lookAgain(item)
        }
    }

    func partitionMoved(_ item: Int) {
        mailbox.loop.preconditionInEventLoop()
        guard !isDone else { return }
        isWaiting[item] = false
        // For a replica with readers it waits for two things there.
        if reader.query.items[item].readersSee != nil { looks[item].partition?.forget(self, item: item) }
        lookAgain(item)
        wait(item)
    }

    /// Counts what the item has now; what answers at once ends the wait.
    private func lookAgain(_ item: Int) {
        let look = reader.look(item, after: looks[item])
        bytesFound += look.bytes - looks[item].bytes
        // RULES 10: what waits belongs to one leader epoch.
        let changed = if let old = looks[item].epoch, let new = look.epoch { old != new } else { false }
        looks[item] = look
        if changed, let partition = look.partition {
            finish(replacing: item, with: reader.leaderChanged(partition))
        } else if look.isFinal || bytesFound >= reader.query.minBytes {
            finish()
        }
    }

    /// Time is up: whatever is there.
    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer = nil
        finish()
    }

    /// On the call's event loop.
    func cancel() {
        mailbox.loop.preconditionInEventLoop()
        end()
    }

    private func finish(replacing item: Int? = nil, with error: BrokerError? = nil) {
        guard end() else { return }
        var outcomes = reader.answer(reader.lookAtAll(isArrival: false))
        if let item, let error {
            outcomes.removeAll { $0.index == item }
            outcomes.append(reader.failure(item, error))
            outcomes.sort { $0.index < $1.index }
        }
        reply(outcomes)
    }

    @discardableResult
    private func end() -> Bool {
        guard !isDone else { return false }
        isDone = true
        timer?.cancel()
        timer = nil
        reader.broker.counters.fetchesWaiting(by: -1)
        for item in looks.indices where isWaiting[item] { looks[item].partition?.forget(self, item: item) }
        return true
    }
}
