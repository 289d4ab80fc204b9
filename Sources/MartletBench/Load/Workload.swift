/// What the figures are measured with unless a command is told otherwise. The ceiling uses the same.
enum Workload {
    /// The SDK's default.
    static let defaultBatchBytes = 256 << 10
    static let latencyMessageBytes = 128
    static let latencyRatePerSecond = 20_000
}
