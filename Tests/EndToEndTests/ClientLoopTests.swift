import Foundation
import Martlet
import Testing

@Suite("SDK and broker: clients on one loop", .timeLimit(.minutes(1)))
struct ClientLoopTests {
    @Test("a task that prefers the loop of its clients sends, waits and reads without leaving the loop's thread")
    func staysOnTheThread() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            let loop = ClientLoop()
            let home = await Task(executorPreference: loop.executor) { currentThread() }.value
            let threads = try await withTaskExecutorPreference(loop.executor) {
                var configuration = ProducerConfiguration(client: broker.client)
                configuration.client.loop = loop
                let consumer = try broker.consumer { $0.client.loop = loop }
                consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
                var threads: Set = [currentThread()]
                try await withProducer(configuration, logger: quiet) { producer in
                    for index in 0..<200 {
                        let handle = try await producer.send(topic: "t", value: "value \(index)")
                        threads.insert(currentThread())
                        #expect(try await handle.delivery().offset == Offset(index))
                        threads.insert(currentThread())
                        let record = try #require(try await consumer.nextRecord())
                        #expect(record.valueString == "value \(index)")
                        threads.insert(currentThread())
                    }
                }
                await consumer.close()
                return threads
            }
            #expect(threads == [home])
        }
    }

    @Test("a task on the loop reads many small answers to their end, in order")
    func manyFetches() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            let count = 5_000
            try await withProducer(ProducerConfiguration(client: broker.client), logger: quiet) { producer in
                for index in 0..<count { _ = try await producer.send(topic: "t", value: "\(index)") }
            }
            let loop = ClientLoop()
            let values = try await withTaskExecutorPreference(loop.executor) {
                let consumer = try broker.consumer {
                    $0.client.loop = loop
                    $0.maxPartitionBytes = 1024
                }
                consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
                let values = try await read(count, consumer).map { $0.valueString ?? "" }
                await consumer.close()
                return values
            }
            #expect(values == (0..<count).map { "\($0)" })
        }
    }
}

private func currentThread() -> ObjectIdentifier {
    ObjectIdentifier(Thread.current)
}
