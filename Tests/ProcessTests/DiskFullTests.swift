import Foundation
import Martlet
import MartletTestSupport
import Testing

/// A small file system of its own, for as long as the last reference lives.
private final class SmallDisk: Sendable {
    let directory: TemporaryDirectory

    /// Throws where mounting is not permitted.
    init(bytes: Int) async throws {
        directory = try TemporaryDirectory()
        let mount = try ChildProcess("/bin/mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", directory.path])
        let end = try await mount.waitUntilEnded()
        guard end == .exited(0) else { throw TestFailure("a tmpfs cannot be mounted here: \(mount.errors.text)") }
    }

    func unmount() async throws {
        // Lazily: the broker's last descriptors may be closing still.
        _ = try await ChildProcess("/bin/umount", ["-l", directory.path]).waitUntilEnded()
    }

    static let isPossible: Bool = geteuid() == 0
}

extension ProcessTests {
    @Suite("A full disk")
    struct DiskFullTests {
        private static let mebibyte = 1 << 20

        @Test(
            "producers are told, readers go on, and once there is room again so do the producers",
            .enabled(if: SmallDisk.isPossible, "a file system of its own can only be mounted by root"),
            .timeLimit(.minutes(1)))
        func full() async throws {
            let disk = try await SmallDisk(bytes: 64 * Self.mebibyte)
            do {
                try await BrokerFixture.with(in: disk.directory.path, fill)
            } catch {
                try await disk.unmount()
                throw error
            }
            try await disk.unmount()
        }

        private func fill(_ fixture: BrokerFixture) async throws {
            let ballast = fixture.directory.path + "/ballast"
            try await fixture.admin { admin in
                try await admin.createTopic("filled", settings: ["segment.bytes": "\(4 * Self.mebibyte)"])
                try await admin.createTopic("other")
            }
            // Something else takes what is left, all but a few MiB.
            let free = try await fixture.admin { try await $0.brokerStatus() }.diskFreeBytes
            try allocate(ballast, Int(free) - 6 * Self.mebibyte)

            let filled = TopicPartition(topic: "filled", partition: 0)
            let (acknowledged, refusal) = try await writeUntilRefused(fixture, filled)
            // The SDK tries again until the record's time is over, and then tells what it was told.
            #expect(refusal.code == .timedOut, "\(refusal)")
            #expect(refusal.message.contains("the disk is full"), "\(refusal)")
            #expect(acknowledged > 0)
            try await expectReadable(filled, acknowledged, fixture)
            let status = try await fixture.admin { try await $0.brokerStatus() }
            #expect(status.troubles.isEmpty)
            #expect(status.isDiskFull)

            // Space again: writes go on, in the same run of the broker.
            try FileManager.default.removeItem(atPath: ballast)
            let more = try await write(fixture, filled, count: 20)
            #expect(more.first == Offset(acknowledged))
            #expect(try await !fixture.admin { try await $0.brokerStatus() }.isDiskFull)
            _ = try await write(fixture, TopicPartition(topic: "other", partition: 0), count: 1)
            try await expectReadable(filled, acknowledged + 20, fixture)

            // And nothing of it is lost over a crash.
            await fixture.broker.kill()
            try await fixture.restart()
            try await expectReadable(filled, acknowledged + 20, fixture)
        }

        private func allocate(_ path: String, _ bytes: Int) throws {
            let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
            defer { close(descriptor) }
            let error = posix_fallocate(descriptor, 0, bytes)
            guard error == 0 else {
                throw TestFailure("no \(bytes) bytes for ballast: \(String(cString: strerror(error)))")
            }
        }

        private func producer(_ fixture: BrokerFixture) throws -> ProducerConfiguration {
            var configuration = try #require(ProducerConfiguration(fixture.address))
            configuration.client.requestTimeout = .seconds(2)
            configuration.deliveryTimeout = .seconds(5)
            return configuration
        }

        private func value(_ offset: Int) -> [UInt8] {
            Array("\(offset) ".utf8) + [UInt8](repeating: 7, count: 100_000)
        }

        /// One record after the other, until one fails.
        private func writeUntilRefused(
            _ fixture: BrokerFixture, _ place: TopicPartition
        ) async throws -> (acknowledged: Int, MartletError) {
            let producer = try Producer(try producer(fixture), logger: .quiet)
            var acknowledged = 0
            while acknowledged < 1_000 {
                do throws(MartletError) {
                    let handle = try await producer.send(
                        topic: place.topic, key: nil, value: value(acknowledged), partition: place.partition)
                    let delivery = try await handle.delivery()
                    #expect(delivery.offset == Offset(acknowledged))
                    acknowledged += 1
                } catch {
                    try? await producer.close()
                    return (acknowledged, error)
                }
            }
            throw TestFailure("100 MB went to a full disk")
        }

        private func write(_ fixture: BrokerFixture, _ place: TopicPartition, count: Int) async throws -> [Offset] {
            try await withProducer(try producer(fixture), logger: .quiet) { producer in
                var offsets: [Offset] = []
                for number in 0..<count {
                    let handle = try await producer.send(
                        topic: place.topic, key: nil, value: value(number), partition: place.partition)
                    offsets.append(try #require(try await handle.delivery().offset))
                }
                return offsets
            }
        }

        private func expectReadable(_ place: TopicPartition, _ count: Int, _ fixture: BrokerFixture) async throws {
            let configuration = try #require(ConsumerConfiguration(fixture.address))
            try await withConsumer(configuration, logger: .quiet) { consumer in
                let end = try await consumer.offsets(for: [place: .latest])[place]?.offset
                #expect(end == Offset(count))
                consumer.assign([place], from: .earliest)
                for offset in 0..<count {
                    let record = try #require(try await consumer.nextRecord())
                    #expect(record.offset == Offset(offset) && record.value?.count ?? 0 > 100_000)
                }
            }
        }
    }
}
