/// Counts the transfers over a log's files, so that whoever cuts the log can wait for those that began before. A cut
/// begins a new page: readers that come later see the new end, and hold nobody up. Any thread.
final class LeaseBook: Sendable {
    private struct State {
        var page: UInt64 = 0
        var onThisPage = 0
        var onEarlierPages = 0
    }

    private let state = Monitor(State())

    /// Returns the page to give the lease back on.
    func take() -> UInt64 {
        state.withLock { state in
            state.onThisPage += 1
            return state.page
        }
    }

    func giveBack(_ page: UInt64) {
        let isLastOfEarlier = state.withLock { state in
            if state.page == page {
                state.onThisPage -= 1
                return false
            }
            state.onEarlierPages -= 1
            return state.onEarlierPages == 0
        }
        if isLastOfEarlier { state.broadcast { _ in } }
    }

    func turnPage() {
        state.withLock { state in
            state.onEarlierPages += state.onThisPage
            state.onThisPage = 0
            state.page += 1
        }
    }

    /// Waits until every lease of the earlier pages is back. False when `patience` ran out before. Blocks.
    func waitForEarlier(patience: Duration) -> Bool {
        let deadline = ContinuousClock.now + patience
        return state.wait { state in
            if state.onEarlierPages == 0 { return .done(true) }
            let left = ContinuousClock.now.duration(to: deadline)
            return left > .zero ? .untilChangedOrFor(nanoseconds: left.nanoseconds) : .done(false)
        }
    }
}
