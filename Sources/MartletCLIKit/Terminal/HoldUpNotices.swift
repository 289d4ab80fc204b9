internal import Martlet

/// Tells on standard error, while records wait because they cannot be delivered, that they do and why: otherwise it
/// would be silent for as long as they are tried again.
struct HoldUpNotices {
    /// Records that wait less are not talked about.
    static let patience = Duration.seconds(5)
    /// Between two notices.
    static let pause = Duration.seconds(15)

    private let task: Task<Void, any Error>

    init(_ topic: String, _ holdUp: @escaping @Sendable () throws -> HoldUp?) {
        task = Task {
            while true {
                try await Task.sleep(for: .seconds(1))
                guard let text = Self.text(topic, try holdUp()) else { continue }
                StandardError.write(text)
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    func cancel() { task.cancel() }

    /// Nil: nothing worth telling.
    static func text(_ topic: String, _ holdUp: HoldUp?) -> String? {
        guard let holdUp, holdUp.age >= patience else { return nil }
        let seconds = holdUp.age.components.seconds
        let age = seconds < 60 ? "\(seconds) s" : HumanText.duration(.seconds(seconds))
        // Over a line of progress, if there is one.
        let clear = StandardError.isTerminal ? "\r\u{1B}[K" : ""
        return "\(clear)\(topic): records wait for \(age) and are tried again: \(holdUp.reason)\n"
    }
}
