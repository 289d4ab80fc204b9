package import Logging
package import Martlet
package import MartletCore

/// Reads back what ``RecordedLoad`` wrote.
package enum PartitionReader {
    package typealias Log = [(offset: Offset, id: HistoryChecker.RecordID)]

    /// A partition's records from its start to the high watermark of now. Throws when one is not what a producer sent.
    package static func read(
        _ partition: TopicPartition, at addresses: [String]
    ) async throws -> Log {
        let configuration = ConsumerConfiguration(client: try ClientConfiguration(addresses: addresses))
        return try await withConsumer(configuration, logger: .quiet) { consumer in
            let ends = try await consumer.offsets(for: [partition: .latest])
            guard let end = ends[partition]?.offset else { throw TestFailure("\(partition) has no end") }
            consumer.assign([partition], from: .earliest)
            var records: Log = []
            var position: Offset = 0
            while position < end {
                guard let batch = try await consumer.next() else { throw TestFailure("\(partition): reading stopped") }
                try batch.forEachRecord { record in
                    guard let id = NumberedRecord.id(of: record.value) else {
                        throw TestFailure("\(partition): offset \(record.offset) holds what nobody sent")
                    }
                    records.append((record.offset, id))
                }
                position = batch.nextOffset
            }
            return records
        }
    }
}

extension Logger {
    /// For clients whose broker is killed under them: what they have to say of it is no news.
    package static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}

extension ClientConfiguration {
    package init(addresses: [String]) throws {
        self.init(
            bootstrap: try addresses.map { text in
                guard let address = BrokerAddress(text) else { throw TestFailure("no address: \(text)") }
                return address
            })
    }
}
