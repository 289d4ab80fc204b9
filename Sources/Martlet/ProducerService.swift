public import ServiceLifecycle

/// Runs a ``Producer`` in a `ServiceGroup`: when the group shuts down, what the producer has accepted is delivered
/// before the services that it depends on are stopped.
public struct ProducerService: Service {
    public let producer: Producer

    public init(_ producer: Producer) {
        self.producer = producer
    }

    /// Returns once the producer is closed.
    ///
    /// - Throws: As ``Producer/close()``.
    public func run() async throws {
        // Ends with the graceful shutdown, or with the task's cancellation.
        try? await gracefulShutdown()
        try await producer.close()
    }
}

/// Runs a ``Consumer`` in a `ServiceGroup`: its sequences end when the group shuts down, so that the work on the last
/// record is finished; then the consumer is closed, which commits and leaves its consumer group.
///
/// The consumer is made inside the service, where the one task is that uses it.
public struct ConsumerService: Service {
    private let configuration: ConsumerConfiguration
    private let work: @Sendable (Consumer) async throws -> Void

    /// - Parameter work: Reads from the consumer until its sequence ends.
    public init(_ configuration: ConsumerConfiguration, work: @escaping @Sendable (Consumer) async throws -> Void) {
        self.configuration = configuration
        self.work = work
    }

    /// Returns when `work` does. Throws as it does.
    public func run() async throws {
        try await withConsumer(configuration) { consumer in
            let control = consumer.control
            try await withGracefulShutdownHandler {
                try await work(consumer)
            } onGracefulShutdown: {
                control.stop()
            }
        }
    }
}
