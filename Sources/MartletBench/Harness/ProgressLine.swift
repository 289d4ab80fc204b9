import Foundation
import Synchronization

/// What is being measured, told on standard error: one line that is redrawn on a terminal, one line per scenario elsewhere.
///
/// Any thread.
final class ProgressLine: Sendable {
    private struct State {
        var title = ""
        var percent = -1
    }

    private let isTerminal: Bool
    private let isQuiet: Bool
    private let state = Mutex(State())

    init(isQuiet: Bool = false) {
        self.isQuiet = isQuiet
        isTerminal = isatty(STDERR_FILENO) == 1
    }

    /// Begins another scenario.
    func begin(_ title: String) {
        state.withLock { state in
            state = State(title: title)
            if !isTerminal { write("\(title)\n") } else { write("\r\u{1B}[K\(title)") }
        }
    }

    /// How much of the scenario is done, 0 to 1.
    func show(fraction: Double) {
        let percent = Int(fraction * 100)
        state.withLock { state in
            guard isTerminal, percent != state.percent else { return }
            state.percent = percent
            write("\r\u{1B}[K\(state.title)  \(percent) %")
        }
    }

    /// What the scenario found.
    func finish(_ summary: String) {
        state.withLock { state in
            write(isTerminal ? "\r\u{1B}[K\(state.title)  \(summary)\n" : "    \(summary)\n")
            state = State()
        }
    }

    private func write(_ text: String) {
        guard !isQuiet else { return }
        FileHandle.standardError.write(Data(text.utf8))
    }
}
