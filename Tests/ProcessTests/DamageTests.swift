import Foundation
import Martlet
import MartletTestSupport
import Testing

extension ProcessTests {
    /// Data directories as crashes, power cuts and failing disks leave them.
    @Suite("Damaged data")
    struct DamageTests {
        /// A killed broker's directory with records in several segments, and where they were acknowledged.
        private struct Crashed {
            var load: RecordedLoad
            var place: TopicPartition
            /// The segment that was being written, and where its last batch ends.
            var lastSegment: String
            var dataBytes: Int
        }

        private func crash(_ fixture: BrokerFixture, _ settings: [String: String] = [:]) async throws -> Crashed {
            let settings = ["segment.bytes": "65536"].merging(settings) { $1 }
            try await fixture.admin { _ = try await $0.createTopic("damaged", settings: settings) }
            let load = RecordedLoad(address: fixture.address)
            try await load.whileRunning(topics: [.init("damaged", partitions: 1)]) {
                guard await load.waitForAcknowledgements(700) else { throw TestFailure("nothing is acknowledged") }
            }
            await fixture.broker.kill()
            let segments = try FileTree.files(fixture.data + "/logs", ending: ".log")
            let last = try #require(segments.last)
            #expect(segments.count > 2)
            let content = try FileTree.read(last)
            let dataBytes = try #require(content.lastIndex { $0 != 0 }) + 1
            return Crashed(
                load: load, place: TopicPartition(topic: "damaged", partition: 0), lastSegment: last,
                dataBytes: dataBytes)
        }

        @Test(
            "a last segment cut anywhere starts with all whole batches before the cut, or says what it cannot mend",
            .timeLimit(.minutes(1)))
        func cutTail() async throws {
            // Written, not synced: what is missing may have been lost by a power cut, which recovery has to accept.
            try await BrokerFixture.with { fixture in
                let crashed = try await crash(fixture, ["flush": "os"])
                let spare = fixture.directory.path + "/spare"
                try FileTree.copy(fixture.data, to: spare)
                var lastEnd: Offset = .max
                for step in 1...12 {
                    try FileTree.copy(spare, to: fixture.data)
                    let cut = crashed.dataBytes - crashed.dataBytes * step / 13
                    try FileTree.change(crashed.lastSegment) { $0 = $0.prefix(cut) }
                    try await fixture.restart()
                    let status = try await fixture.settledStatus()
                    if status.troubles.isEmpty {
                        let records = try await PartitionReader.read(crashed.place, at: [fixture.address])
                        // Without what was cut the records are a prefix.
                        #expect(records.map(\.offset) == Array(0..<Offset(records.count)))
                        #expect(Offset(records.count) <= lastEnd)
                        lastEnd = Offset(records.count)
                    } else {
                        #expect(status.troubles.map(\.topicPartition) == [crashed.place])
                        #expect(status.troubles.allSatisfy { $0.reason.contains("synced") }, "\(status.troubles)")
                    }
                    #expect(fixture.log.contains("damaged-0"), "cut at \(cut): the log is silent:\n\(fixture.log.tail)")
                    await fixture.broker.kill()
                }
            }
        }

        @Test("stale bytes behind the end are cut, and the log goes on where it was", .timeLimit(.minutes(1)))
        func staleBytes() async throws {
            try await BrokerFixture.with { fixture in
                let crashed = try await crash(fixture)
                try FileTree.change(crashed.lastSegment) { content in
                    // An older batch of the same log, as a reused block would hold it, and noise.
                    let older = content.prefix(2_000)
                    content = content.prefix(crashed.dataBytes) + older + Data(repeating: 0xa5, count: 777)
                }
                try await fixture.restart()
                try await fixture.waitUntilServing(crashed)
                #expect(try await crashed.load.violations().isEmpty)
                #expect(fixture.log.contains("damaged-0"), "the log is silent:\n\(fixture.log.tail)")
                try await crashed.load.whileRunning(topics: [.init("damaged", partitions: 1)]) {
                    #expect(await crashed.load.waitForAcknowledgements(crashed.load.acknowledged + 100))
                }
                #expect(try await crashed.load.violations().isEmpty)
            }
        }

        /// What may happen to an index file.
        enum IndexDamage: String, CaseIterable, CustomTestStringConvertible {
            case missing, torn, empty, zeroed, ofAnotherSegment
            var testDescription: String { rawValue }
        }

        @Test(
            "index files that are not what they should be are made anew", .timeLimit(.minutes(1)),
            arguments: IndexDamage.allCases)
        func indexes(damage: IndexDamage) async throws {
            try await BrokerFixture.with { fixture in
                let crashed = try await crash(fixture)
                let files = try ["index", "timeindex"].map {
                    try FileTree.files(fixture.data + "/logs", ending: ".\($0)")
                }
                for files in files {
                    #expect(files.count > 2)
                    for (number, file) in files.enumerated() {
                        switch damage {
                        case .missing: try FileManager.default.removeItem(atPath: file)
                        case .torn: try FileTree.change(file) { $0 = $0.prefix(max(1, $0.count / 2 + 1)) }
                        case .empty: try FileTree.change(file) { $0 = Data() }
                        case .zeroed: try FileTree.change(file) { $0 = Data(count: $0.count) }
                        case .ofAnotherSegment where number > 0:
                            let older = try FileTree.read(files[number - 1])
                            try FileTree.change(file) { $0 = older }
                        case .ofAnotherSegment: break
                        }
                    }
                }
                try await fixture.restart()
                try await fixture.waitUntilServing(crashed)
                #expect(try await crashed.load.violations().isEmpty)
                // From anywhere, too: by offset and by time.
                try await fixture.expectEveryOffsetIsFound(crashed.place)
            }
        }

        @Test(
            "a flipped bit in what a crash makes the start read takes the partition offline, and nothing is cut",
            .timeLimit(.minutes(1)))
        func scannedData() async throws {
            try await BrokerFixture.with { fixture in
                let crashed = try await crash(fixture)
                let log = crashed.lastSegment
                // A batch before the last ones: what follows it is valid.
                try FileTree.change(log) { $0[100] ^= 0x10 }
                let damaged = try FileTree.read(log)
                try await fixture.restart()
                let troubles = try await fixture.settledStatus().troubles
                #expect(troubles.map(\.topicPartition) == [crashed.place])
                #expect(troubles.first?.reason.contains(log) == true, "\(troubles)")
                #expect(troubles.first?.reason.contains("offset ") == true, "\(troubles)")
                #expect(fixture.log.contains(log))
                #expect(try FileTree.read(log) == damaged)
                // Others are served.
                try await fixture.serveGoodClient()
            }
        }

        @Test("a flipped bit in old data is never delivered: the reader is told where it is", .timeLimit(.minutes(1)))
        func oldData() async throws {
            try await BrokerFixture.with(settings: ["log.scrub.bytes.per.second": "0"]) { fixture in
                let crashed = try await crash(fixture)
                try await fixture.restart()
                // After a clean stop nothing is read, so that nothing is noticed by the start.
                try await fixture.broker.stop()
                let first = try #require(try FileTree.files(fixture.data + "/logs", ending: ".log").first)
                try FileTree.change(first) { $0[5_000] ^= 0x10 }
                try await fixture.restart()
                try await fixture.waitUntilServing(crashed)
                let configuration = try #require(ConsumerConfiguration(fixture.address))
                try await withConsumer(configuration, logger: .quiet) { consumer in
                    consumer.assign([crashed.place], from: .earliest)
                    var next: Offset = 0
                    let error = await #expect(throws: MartletError.self) {
                        while let batch = try await consumer.next() {
                            try batch.forEachRecord { record in
                                #expect(record.offset == next && NumberedRecord.id(of: record.value) != nil)
                                next += 1
                            }
                        }
                    }
                    #expect(error?.code == .corruptBatch)
                    #expect(error?.offset == next)
                    #expect(error?.topicPartition == crashed.place && error?.broker == fixture.address)
                }
            }
        }
    }
}

extension BrokerFixture {
    /// The broker's status once no partition is being recovered any more.
    func settledStatus() async throws -> BrokerStatus {
        while true {
            let status = try await admin { try await $0.brokerStatus() }
            if status.partitionsRecovering == 0 { return status }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    fileprivate func waitUntilServing(_ crashed: some Any) async throws {
        let status = try await settledStatus()
        #expect(status.troubles.isEmpty)
    }

    /// Starts reading at every 50th offset, and at its timestamp.
    fileprivate func expectEveryOffsetIsFound(_ place: TopicPartition) async throws {
        let configuration = try #require(ConsumerConfiguration(address))
        try await withConsumer(configuration, logger: .quiet) { consumer in
            let end = try await consumer.offsets(for: [place: .latest])[place]?.offset ?? 0
            for offset in stride(from: 0, to: end, by: 50) {
                consumer.assign([place], from: .offset(offset))
                try consumer.seek(place, to: .offset(offset))
                let record = try #require(try await consumer.nextRecord())
                #expect(record.offset == offset)
                let found = try await consumer.offsets(for: [place: .timestamp(record.timestamp)])[place]?.offset
                #expect(
                    found.map { $0 <= offset } == true,
                    "offset \(offset) at \(record.timestamp): found \(String(describing: found))")
            }
        }
    }
}
