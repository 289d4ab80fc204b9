import Martlet
import MartletTestSupport
import Testing

/// All tests of this target, one after the other: each has the machine's cores for its broker.
@Suite("A broker process", .serialized)
struct ProcessTests {}

/// A data directory and the broker that serves it, for one test. What the broker has logged is attached to the test.
final class BrokerFixture {
    let directory: TemporaryDirectory
    var options: BrokerProcess.Options
    private(set) var broker: BrokerProcess
    private var probes = 0

    /// Starts a broker on an empty directory.
    init(settings: [String: String] = [:], in parent: String? = nil) async throws {
        directory = try TemporaryDirectory(in: parent)
        options = try BrokerProcess.Options(dataDirectory: directory.path + "/data", settings: settings)
        broker = try await BrokerProcess.start(options)
    }

    var address: String { options.address }
    var log: OutputLog { broker.log }
    var data: String { options.dataDirectory }

    /// Starts the broker again on its directory, after it was killed or stopped.
    func restart() async throws {
        try launch()
        try await broker.waitUntilReady()
    }

    /// As ``restart()``, without waiting until it serves.
    func launch() throws {
        broker = try BrokerProcess(options)
    }

    func client() throws -> ClientConfiguration {
        try #require(ClientConfiguration(address))
    }

    func admin<Result>(_ body: (Admin) async throws -> Result) async throws -> Result {
        try await withAdmin(try client(), logger: .quiet, body)
    }

    /// A good client: creates a topic, sends a record and reads it back. Throws when one of these fails.
    func serveGoodClient() async throws {
        probes += 1
        let topic = "probe-\(probes)"
        try await admin { _ = try await $0.createTopic(topic) }
        var configuration = try #require(ProducerConfiguration(address))
        configuration.client.requestTimeout = .seconds(20)
        configuration.deliveryTimeout = .seconds(40)
        try await withProducer(configuration, logger: .quiet) { producer in
            let delivery = try await producer.send(topic: topic, key: nil, value: Array(topic.utf8)).delivery()
            #expect(delivery.offset == 0)
        }
        var reading = try #require(ConsumerConfiguration(address))
        reading.client.requestTimeout = .seconds(20)
        try await withConsumer(reading, logger: .quiet) { consumer in
            consumer.assign([TopicPartition(topic: topic, partition: 0)], from: .earliest)
            let record = try await consumer.nextRecord()
            #expect(record?.valueString == topic)
        }
    }

    /// Runs `body`; if it throws, the error comes with the broker's last words.
    static func with<Result>(
        settings: [String: String] = [:], in parent: String? = nil, _ body: (BrokerFixture) async throws -> Result
    ) async throws -> Result {
        let fixture = try await BrokerFixture(settings: settings, in: parent)
        defer { Attachment.record(fixture.log.text, named: "broker.log") }
        do {
            let result = try await body(fixture)
            await fixture.broker.kill()
            return result
        } catch {
            let isRunning = !fixture.broker.process.hasEnded
            await fixture.broker.kill()
            throw TestFailure(
                "\(error)\nthe broker \(isRunning ? "was running" : "had ended"); its last words:\n\(fixture.log.tail)")
        }
    }
}
