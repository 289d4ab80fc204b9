internal import NIOCore

/// News for a call that waits, to be told on its event loop.
enum Wakeup: Sendable {
    case produced(ProduceCall, item: Int, ProduceOutcome)
    /// The partition has another epoch or role: try again.
    case produceAgain(ProduceCall, item: Int)
    /// The item's partition has moved: look again.
    case fetchMoved(FetchCall, item: Int)

    /// On the call's event loop.
    func run() {
        switch self {
        case .produced(let call, let item, let outcome): call.resolve(item, outcome)
        case .produceAgain(let call, let item): call.tryAgain(item)
        case .fetchMoved(let call, let item): call.partitionMoved(item)
        }
    }
}

/// Wake-ups by the event loop that they go to. Collected under a partition's lock, sent after it.
struct Wakeups {
    private var byLoop: [(mailbox: LoopMailbox, wakeups: [Wakeup])] = []

    /// There are as many loops as cores: a search is as quick as anything.
    mutating func add(_ wakeup: Wakeup, to mailbox: LoopMailbox) {
        if let index = byLoop.firstIndex(where: { $0.mailbox === mailbox }) {
            byLoop[index].wakeups.append(wakeup)
        } else {
            byLoop.append((mailbox, [wakeup]))
        }
    }

    consuming func send() {
        for (mailbox, wakeups) in byLoop { mailbox.post(wakeups) }
    }
}
