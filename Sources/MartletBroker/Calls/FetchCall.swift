internal import MartletCore
internal import MartletStorage
internal import NIOCore
internal import Synchronization

/// A fetch that waits, for records or for the disk.
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
    private var phase = Phase.new
    /// For the storage thread that reads for this call: nobody wants it any more.
    private let isGivenUp = Atomic<Bool>(false)

    private enum Phase {
        /// Not waiting for records yet.
        case new
        /// Partitions and the timer wake the call.
        case waiting
        /// The wait is over; the disk may still have to be read.
        case answering
        case done
    }

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

    /// Runs after the first look, which found too little, or what is not in memory.
    func start(timeout: Duration) {
        mailbox.loop.preconditionInEventLoop()
        guard looks.contains(where: \.isCold) else { return park(timeout: timeout) }
        readAhead(looks) { call, looks in
            call.looks = looks
            call.bytesFound = looks.reduce(0) { $0 + $1.bytes }
            if timeout <= .zero || call.reader.isEnough(looks) {
                call.answer(looks)
            } else {
                call.park(timeout: timeout)
            }
        }
    }

    /// Has every partition wake this call.
    private func park(timeout: Duration) {
        phase = .waiting
        reader.broker.counters.fetchesWaiting(by: 1)
        timer = try? mailbox.loop.scheduleCallback(in: TimeAmount(timeout), handler: self)
        for item in looks.indices where phase == .waiting { wait(item) }
    }

    /// It will be answered, unless it is cancelled.
    var isOpen: Bool { phase != .done }

    /// Has the storage threads read what is cold, then looks again and calls `next` on the event loop, unless the call
    /// was cancelled. No leases are held meanwhile for what is read, nor memory.
    private func readAhead(
        _ looks: [FetchReader.Look], then next: @escaping @Sendable (FetchCall, [FetchReader.Look]) -> Void
    ) {
        let wasTaken = reader.broker.store.readAhead.order(
            reader.rangesOnDisk(looks), unless: { self.isGivenUp.load(ordering: .relaxed) },
            done: {
                self.mailbox.loop.execute {
                    if self.isOpen { next(self, self.reader.lookAtAll(afterReadingFor: looks)) }
                }
            })
        if !wasTaken { next(self, reader.lookAtAll(afterReadingFor: looks)) }
    }

    /// Waits for the item's partition, or looks again when it has moved in the meantime.
    private func wait(_ item: Int) {
        while phase == .waiting {
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
        guard phase == .waiting else { return }
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
        endWait()
        phase = .done
        isGivenUp.store(true, ordering: .relaxed)
    }

    private func finish(replacing item: Int? = nil, with error: BrokerError? = nil) {
        guard endWait() else { return }
        let looks = reader.lookAtAll(isArrival: false)
        guard looks.contains(where: \.isCold) else { return answer(looks, replacing: item, with: error) }
        readAhead(looks) { $0.answer($1, replacing: item, with: error) }
    }

    private func answer(_ looks: [FetchReader.Look], replacing item: Int? = nil, with error: BrokerError? = nil) {
        phase = .done
        var outcomes = reader.answer(looks)
        if let item, let error {
            outcomes.removeAll { $0.index == item }
            outcomes.append(reader.failure(item, error))
            outcomes.sort { $0.index < $1.index }
        }
        reply(outcomes)
    }

    /// Nothing wakes the call any more. False when it was not waiting.
    @discardableResult
    private func endWait() -> Bool {
        guard phase == .waiting else { return false }
        phase = .answering
        timer?.cancel()
        timer = nil
        reader.broker.counters.fetchesWaiting(by: -1)
        for item in looks.indices where isWaiting[item] { looks[item].partition?.forget(self, item: item) }
        return true
    }
}
