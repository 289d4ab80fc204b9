internal import NIOCore
internal import Synchronization

/// Carries wake-ups to one event loop. However many partitions move before the loop comes to look, it is woken once.
final class LoopMailbox: Sendable {
    private struct State {
        var wakeups: [Wakeup] = []
        var isScheduled = false
    }

    let loop: any EventLoop
    private let state = Mutex(State())

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// Any thread. They run in the order posted, in a later tick of the loop.
    func post(_ wakeups: [Wakeup]) {
        let mustSchedule = state.withLock { state in
            state.wakeups.append(contentsOf: wakeups)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { loop.execute { self.deliver() } }
    }

    private func deliver() {
        let wakeups = state.withLock { state in
            state.isScheduled = false
            defer { state.wakeups = [] }
            return state.wakeups
        }
        for wakeup in wakeups { wakeup.run() }
    }
}

/// The mailboxes of the event loops that calls came from. Any thread.
final class LoopMailboxes: Sendable {
    private let mailboxes = Mutex<[ObjectIdentifier: LoopMailbox]>([:])

    /// A mailbox keeps its loop, so that an identifier names one loop for good.
    func mailbox(of loop: any EventLoop) -> LoopMailbox {
        mailboxes.withLock { mailboxes in
            if let mailbox = mailboxes[ObjectIdentifier(loop)] { return mailbox }
            let mailbox = LoopMailbox(loop: loop)
            mailboxes[ObjectIdentifier(loop)] = mailbox
            return mailbox
        }
    }
}
