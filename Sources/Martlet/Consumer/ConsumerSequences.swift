public import Logging

/// A consumer's batches; see ``Consumer/batches``.
public struct ConsumerBatches: AsyncSequence {
    public typealias Failure = MartletError

    let consumer: Consumer

    public func makeAsyncIterator() -> Iterator { Iterator(consumer: consumer) }

    public struct Iterator: AsyncIteratorProtocol {
        let consumer: Consumer

        public mutating func next() async throws(MartletError) -> ConsumedBatch? {
            try await consumer.next()
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(MartletError) -> ConsumedBatch? {
            try await consumer.next()
        }
    }
}

/// A consumer's records; see ``Consumer/records``.
public struct ConsumerRecords: AsyncSequence {
    public typealias Failure = MartletError

    let consumer: Consumer

    public func makeAsyncIterator() -> Iterator { Iterator(consumer: consumer) }

    public struct Iterator: AsyncIteratorProtocol {
        let consumer: Consumer

        public mutating func next() async throws(MartletError) -> Record? {
            try await consumer.nextRecord()
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(MartletError) -> Record? {
            try await consumer.nextRecord()
        }
    }
}

/// Runs `body` with a consumer, and closes it afterwards. When `body` throws, nothing is committed any more: others of
/// the group get again what was handed out since the last commit.
nonisolated(nonsending) public func withConsumer<Result>(
    _ configuration: ConsumerConfiguration, logger: Logger = Logger(label: "martlet.consumer"),
    _ body: (Consumer) async throws -> Result
) async throws -> Result {
    let consumer = try Consumer(configuration, logger: logger)
    do {
        let result = try await body(consumer)
        await consumer.close()
        return result
    } catch {
        consumer.abandon()
        throw error
    }
}
