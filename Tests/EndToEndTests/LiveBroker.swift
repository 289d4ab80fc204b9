import Foundation
import Logging
import Martlet
import MartletServer
import MartletStorage
import ServiceLifecycle

/// The real broker, in this process: the one that `martlet broker` runs, on a port and in a directory of its own.
final class LiveBroker: Sendable {
    let directory: String
    let address: BrokerAddress
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    private init(directory: String, address: BrokerAddress, group: ServiceGroup, running: Task<Void, any Error>) {
        self.directory = directory
        self.address = address
        self.group = group
        self.running = running
    }

    /// Serves when it returns. `port` 0: any that is free.
    static func start(
        in directory: String, port: Int = 0, graceMs: Int = 2_000, storage: LogStoreOptions = LogStoreOptions()
    ) async throws -> LiveBroker {
        let flags = [
            "log.dir": directory, "listeners": "127.0.0.1:\(port)", "log.level": "error", "num.network.threads": "1",
            "shutdown.grace.ms": "\(graceMs)",
        ]
        let settings = try ServerSettings(
            reader: try await SettingsReader(flags: flags, environment: [:], file: nil))
        let (ready, readyContinuation) = AsyncThrowingStream.makeStream(of: HostPort.self)
        var logger = Logger(label: "broker")
        logger.logLevel = .error
        let service = BrokerService(settings: settings, logger: logger, storage: storage) {
            readyContinuation.yield($0)
        }
        let group = ServiceGroup(services: [service], logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        let running = Task {
            do {
                try await group.run()
                readyContinuation.finish()
            } catch {
                readyContinuation.finish(throwing: error)
                throw error
            }
        }
        for try await bound in ready {
            return LiveBroker(
                directory: directory, address: BrokerAddress(host: bound.host, port: bound.port), group: group,
                running: running)
        }
        throw CancellationError()
    }

    /// Stops cleanly. The directory stays.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await running.value
    }

    /// The same directory and port, served anew.
    func restarted() async throws -> LiveBroker {
        try await stop()
        return try await LiveBroker.start(in: directory, port: address.port)
    }

    var client: ClientConfiguration {
        var client = ClientConfiguration(bootstrap: [address])
        client.retryBackoff = .milliseconds(5)
        client.retryBackoffMax = .milliseconds(100)
        return client
    }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs `body` with the path of an empty directory, which is gone afterwards.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = NSTemporaryDirectory() + "martlet-e2e-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// Runs `body` with a broker, and stops it afterwards.
func withBroker(_ body: (LiveBroker) async throws -> Void) async throws {
    try await withDirectory { directory in
        let broker = try await LiveBroker.start(in: directory)
        do {
            try await body(broker)
        } catch {
            try? await broker.stop()
            throw error
        }
        try await broker.stop()
    }
}

extension LiveBroker {
    /// Makes a topic whose records are not synced one by one: these tests lose no machine.
    func createTopic(_ name: String, partitions: Int32 = 1, settings: [String: String] = [:]) async throws {
        try await withAdmin(client, logger: quiet) { admin in
            _ = try await admin.createTopic(
                name, partitions: partitions, settings: settings.merging(["flush": "os"]) { own, _ in own })
        }
    }

    /// Sends values, one batch for every ten, and returns where they went.
    @discardableResult
    func send(_ values: [String], to topic: String, partition: PartitionIndex = 0) async throws -> [Offset?] {
        try await withProducer(ProducerConfiguration(client: client), logger: quiet) { producer in
            var offsets: [Offset?] = []
            for chunk in stride(from: 0, to: values.count, by: 10) {
                var handles: [DeliveryHandle] = []
                for value in values[chunk..<min(chunk + 10, values.count)] {
                    handles.append(try await producer.send(topic: topic, value: value, partition: partition))
                }
                for handle in handles { offsets.append(try await handle.delivery().offset) }
            }
            return offsets
        }
    }

    func consumer(_ change: (inout ConsumerConfiguration) -> Void = { _ in }) throws -> Consumer {
        var configuration = ConsumerConfiguration(client: client)
        change(&configuration)
        return try Consumer(configuration, logger: quiet)
    }
}

/// The next `count` records.
func read(_ count: Int, _ consumer: Consumer) async throws -> [Record] {
    var records: [Record] = []
    while records.count < count, let record = try await consumer.nextRecord() { records.append(record) }
    return records
}
