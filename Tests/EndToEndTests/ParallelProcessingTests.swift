import Martlet
import Synchronization
import Testing

@Suite("SDK and broker: processing in parallel", .timeLimit(.minutes(1)))
struct ParallelProcessingTests {
    private struct Hiccup: Error {}

    /// `count` records of each of `keys` keys, in all partitions.
    private func fill(_ broker: LiveBroker, partitions: Int32 = 3, keys: Int = 10, count: Int = 20) async throws {
        try await broker.createTopic("t", partitions: partitions)
        try await withProducer(ProducerConfiguration(client: broker.client), logger: quiet) { producer in
            for index in 0..<count {
                for key in 0..<keys {
                    _ = try await producer.send(topic: "t", key: "k\(key)", value: "\(index)")
                }
            }
            try await producer.flush()
        }
    }

    /// What was processed, by key, in order.
    private final class Work: Sendable {
        private let state = Mutex<[String: [String]]>([:])
        let control = Mutex<ConsumerControl?>(nil)
        let goal: Int

        init(goal: Int) { self.goal = goal }

        func note(_ record: Record) {
            let count = state.withLock { state in
                state[record.keyString ?? "-", default: []].append(record.valueString ?? "-")
                return state.values.reduce(0) { $0 + $1.count }
            }
            if count == goal { control.withLock { $0?.stop() } }
        }

        var done: [String: [String]] { state.withLock { $0 } }
    }

    @Test("all records are processed once, those of a key in order, several at a time, and committed")
    func parallel() async throws {
        try await withBroker { broker in
            try await fill(broker)
            let work = Work(goal: 200)
            let most = Mutex((running: 0, most: 0))
            let consumer = try broker.member()
            work.control.withLock { $0 = consumer.control }
            try consumer.subscribe(topics: ["t"])
            try await consumer.process(concurrency: 4) { record in
                most.withLock { $0 = ($0.running + 1, max($0.most, $0.running + 1)) }
                await Task.yield()
                most.withLock { $0.running -= 1 }
                work.note(record)
            }
            #expect(work.done.count == 10)
            for values in work.done.values { #expect(values == (0..<20).map(String.init)) }
            #expect(most.withLock { $0.most } > 1)
            let all = Set((0..<3).map { TopicPartition(topic: "t", partition: $0) })
            let committed = try await consumer.committed(all)
            #expect(committed.values.reduce(0) { $0 + $1.offset } == 200)
            await consumer.close()
        }
    }

    @Test("a record that fails is tried again, in its place; one that always fails goes to the dead letters")
    func deadLetters() async throws {
        try await withBroker { broker in
            try await fill(broker, partitions: 1)
            try await broker.createTopic("dead")
            let producer = try Producer(ProducerConfiguration(client: broker.client), logger: quiet)
            let work = Work(goal: 199)
            let tries = Mutex(0)
            let consumer = try broker.member()
            work.control.withLock { $0 = consumer.control }
            try consumer.subscribe(topics: ["t"])
            var options = ProcessOptions()
            options.attempts = 4
            options.retryBackoff = .milliseconds(1)
            options.retryBackoffMax = .milliseconds(2)
            options.lastFailure = .deadLetter(topic: "dead", producer)
            try await consumer.process(concurrency: 3, options: options) { record in
                if record.keyString == "k3", record.valueString == "7" { throw Hiccup() }
                if record.keyString == "k4", record.valueString == "9" {
                    let count = tries.withLock { tries in
                        tries += 1
                        return tries
                    }
                    if count < 4 { throw Hiccup() }
                }
                work.note(record)
            }
            await consumer.close()
            #expect(tries.withLock { $0 } == 4)
            #expect(work.done["k4"] == (0..<20).map(String.init))
            #expect(work.done["k3"] == (0..<20).filter { $0 != 7 }.map(String.init))
            try await producer.close()

            let reader = try broker.consumer()
            reader.assign([TopicPartition(topic: "dead", partition: 0)], from: .earliest)
            let letter = try await read(1, reader)[0]
            let headers = Dictionary(uniqueKeysWithValues: letter.headers.map { ($0.key, $0.valueString) })
            #expect(letter.keyString == "k3" && letter.valueString == "7")
            #expect(headers["martlet-source-topic"] == "t" && headers["martlet-source-partition"] == "0")
            #expect(headers["martlet-source-offset"] == "73" && headers["martlet-attempts"] == "4")
            #expect(headers["martlet-error"]??.contains("Hiccup") == true)
            await reader.close()
        }
    }

    @Test("a failure ends the work, is thrown, and is not committed past")
    func failure() async throws {
        try await withBroker { broker in
            try await fill(broker, partitions: 1, keys: 2, count: 10)
            let consumer = try broker.member()
            try consumer.subscribe(topics: ["t"])
            var options = ProcessOptions()
            options.attempts = 1
            await #expect(throws: Hiccup.self) {
                try await consumer.process(concurrency: 2, options: options) { record in
                    if record.offset == 8 { throw Hiccup() }
                }
            }
            let zero = TopicPartition(topic: "t", partition: 0)
            #expect(try consumer.position(of: zero) == 8)
            #expect(try await consumer.committed([zero])[zero]?.offset == 8)
            #expect(try await consumer.nextRecord()?.offset == 8)
            await consumer.close()
            await #expect(throws: MartletError.self) { try await consumer.process(concurrency: 0) { _ in } }
        }
    }

    @Test("members that come and go while others process: nothing is lost, nothing twice, keys in order")
    func rebalancing() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t", partitions: 6)
            let count = 60
            let seen = Mutex<[String: [Int]]>([:])
            let (all, allContinuation) = AsyncStream.makeStream(of: Void.self)
            let handled: @Sendable (Record) async throws -> Void = { record in
                await Task.yield()
                let total = seen.withLock { seen in
                    seen[record.keyString ?? "-", default: []].append(Int(record.valueString ?? "") ?? -1)
                    return seen.values.reduce(0) { $0 + $1.count }
                }
                if total == 12 * count { allContinuation.finish() }
            }
            let (joins, joinContinuation) = AsyncStream.makeStream(of: ConsumerControl.self)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                func addMember() {
                    tasks.addTask {
                        try await withConsumer(broker.memberConfiguration(), logger: quiet) { consumer in
                            let control = consumer.control
                            consumer.onAssigned = { _, _ in joinContinuation.yield(control) }
                            try consumer.subscribe(topics: ["t"])
                            try await consumer.process(concurrency: 3, handled)
                        }
                    }
                }
                addMember()
                var assigned = joins.makeAsyncIterator()
                let first = await assigned.next()
                let producer = try Producer(ProducerConfiguration(client: broker.client), logger: quiet)
                for index in 0..<count {
                    for key in 0..<12 { _ = try await producer.send(topic: "t", key: "k\(key)", value: "\(index)") }
                    try await producer.flush()
                    if index % 20 == 5 {
                        addMember()
                        _ = await assigned.next()
                    }
                    if index == 50 { first?.stop() }
                }
                try await producer.close()
                for await _ in all {}
                tasks.cancelAll()
                try await tasks.waitForAll()
                let sequences = seen.withLock { $0 }
                #expect(sequences.count == 12)
                for (key, values) in sequences { #expect(values == Array(0..<count), "\(key)") }
            }
        }
    }
}
