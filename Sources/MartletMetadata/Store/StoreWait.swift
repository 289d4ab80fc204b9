package import Logging

/// Patience with a metadata store that does not answer (yet): pauses between tries, and says now and then what is
/// waited for. For whoever starts; one wait after the other.
package struct StoreWait: ~Copyable {
    private static let pause = Duration.milliseconds(500)
    private static let noteEvery = Duration.seconds(5)

    private let logger: Logger
    private let start = ContinuousClock.now
    private var notedAt: ContinuousClock.Instant?

    package init(logger: Logger) {
        self.logger = logger
    }

    /// Returns when it is time for another try. Throws `error` where trying again does not help, and
    /// `CancellationError` when the task is cancelled.
    package mutating func pause(after error: MetadataError) async throws {
        guard error.mayPass else { throw error }
        let now = ContinuousClock.now
        if notedAt.map({ now - $0 >= Self.noteEvery }) ?? true {
            notedAt = now
            logger.warning(
                "waiting for the metadata store",
                metadata: ["reason": "\(error.message)", "since": "\((now - start).components.seconds) s"])
        }
        try await Task.sleep(for: Self.pause)
    }
}
