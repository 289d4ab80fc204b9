/// Why a command stops early.
package enum CommandFailure: Error, Hashable, CustomStringConvertible {
    /// Refused or failed, in words for a person: exit code 1.
    case failed(String)
    /// What failed has been told already: exit code 1 without a further word.
    case reported
    /// Nobody reads the output any more: exit code 0, quietly.
    case outputClosed

    package var description: String {
        switch self {
        case .failed(let message): message
        case .reported: "failed"
        case .outputClosed: "nobody reads the output"
        }
    }
}
