import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletTestSupport
import Testing

@testable import MartletMetadataEtcd

@Suite("etcd goes away and comes back", .serialized, .timeLimit(.minutes(2)))
struct EtcdFaultTests {
    /// For tests that wait for a call to time out.
    private func impatient(_ fixture: EtcdFixture) throws -> EtcdOptions {
        var options = try fixture.options()
        options.callTimeout = .seconds(2)
        return options
    }

    @Test("a feed outlives etcd's death, and calls meanwhile name the endpoint")
    func killedAndRestarted() async throws {
        try await EtcdFixture.with { fixture in
            // What has to succeed may take its time: the disk may be busy with other tests.
            let options = try fixture.options()
            let store = try await fixture.store(options)
            var hasty = options
            hasty.callTimeout = .seconds(2)
            let hastyStore = try await fixture.store(hasty)
            var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
            let first = try await store.put(.topic(TestRecords.topic("before", 1)))
            #expect(try await feed.next()?.revision == first)
            await fixture.etcd.kill()
            let error = try await metadataError { _ = try await hastyStore.image() }
            #expect(error.code == .unavailable)
            #expect(error.message.contains(fixture.etcd.url))
            let health = await hastyStore.health()
            #expect(!health.isAvailable)
            #expect(!health.troubles.isEmpty)
            #expect(health.members.map(\.isReachable) == [false])
            try await fixture.restart()
            let second = try await store.put(.topic(TestRecords.topic("after", 2)))
            #expect(try await feed.next()?.revision == second)
            #expect(try await store.image().topics.count == 2)
        }
    }

    @Test("a transaction that was never sent is unavailable; one whose answer is missing is unknown until read back")
    func suspended() async throws {
        try await EtcdFixture.with { fixture in
            let options = try impatient(fixture)
            let store = try await fixture.store(options)
            var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
            fixture.etcd.suspend()
            let sent = try await metadataError { try await store.put(.topic(TestRecords.topic("sent", 1))) }
            #expect(sent.code == .outcomeUnknown)
            #expect(sent.message.contains(fixture.etcd.url))
            // Now the store knows that etcd does not answer, and asks before it sends.
            let unsent = try await metadataError { try await store.put(.topic(TestRecords.topic("unsent", 2))) }
            #expect(unsent.code == .unavailable)
            fixture.etcd.resume()
            let patient = try fixture.options(cluster: options.cluster)
            let last = try await fixture.store(patient).put(.topic(TestRecords.topic("last", 3)))
            while let update = try await feed.next(), update.revision < last {}
            #expect(try await store.image().topics["unsent"] == nil)
        }
    }

    @Test("a session's deadline passes while etcd is suspended, and the session lives on afterwards")
    func suspendedForLongerThanALease() async throws {
        try await EtcdFixture.with { fixture in
            var options = try impatient(fixture)
            options.sessionTimeout = .seconds(2)
            let store = try await fixture.store(options)
            let session = try await store.openSession(broker: 1, startEpoch: 5)
            fixture.etcd.suspend()
            // Later answers move it on, but none comes.
            while let deadline = session.deadline, deadline > .now { try await Task.sleep(until: deadline) }
            fixture.etcd.resume()
            while try #require(session.deadline) <= .now { _ = try? await store.image() }
            // The lease was renewed, or lost and replaced: the record is there either way, once this is over.
            while try await store.image().sessions[1] == nil {}
            #expect(try await store.image().sessions[1]?.startEpoch == 5)
        }
    }

    @Test("a lost lease is replaced at the same start epoch; not when another run has taken over")
    func lostLease() async throws {
        try await EtcdFixture.with { fixture in
            var options = try fixture.options()
            options.sessionTimeout = .seconds(2)
            let store = try await fixture.store(options)
            let session = try await store.openSession(broker: 1, startEpoch: 5)
            var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
            try await revokeLeases(fixture)
            #expect(try await feed.next()?.changes == [.remove(.session(1))])
            let again = try #require(try await feed.next())
            #expect(again.changes == [.put(.session(SessionRecord(broker: 1, startEpoch: 5)))])
            // The keeper may have yet to hear of it.
            while session.registeredAt != again.revision { try await Task.sleep(for: .milliseconds(1)) }
            #expect(try #require(session.deadline) > .now)
            let other = try await fixture.store(options).openSession(broker: 1, startEpoch: 6)
            // The former keeper finds its lease gone and leaves the record alone: its deadline passes for good.
            while let deadline = session.deadline, deadline > .now { try await Task.sleep(until: deadline) }
            #expect(try await store.image().sessions[1]?.startEpoch == 6)
            await session.close()
            #expect(try await store.image().sessions[1]?.startEpoch == 6)
            await other.close()
            #expect(try await store.image().sessions.isEmpty)
        }
    }

    private func revokeLeases(_ fixture: EtcdFixture) async throws {
        let list = try await fixture.etcd.control("lease", "list")
        for lease in list.split(separator: "\n").dropFirst() {
            try await fixture.etcd.control("lease", "revoke", String(lease))
        }
    }

    @Test("a feed from a compacted revision ends so that its reader reads everything anew")
    func compaction() async throws {
        try await EtcdFixture.with { fixture in
            let store = try await fixture.store()
            let old = try await store.put(.topic(TestRecords.topic("a", 1)))
            for number in 2..<10 { try await store.put(.topic(TestRecords.topic("a", number))) }
            let newest = try await store.image().revision
            try await store.compactHistory(before: newest)
            let error = try await metadataError {
                for try await _ in try await store.changes(after: old) { Issue.record("an update after compaction") }
            }
            #expect(error.code == .revisionCompacted)
            var feed = try await store.changes(after: newest).makeAsyncIterator()
            let next = try await store.put(.topic(TestRecords.topic("b", 20)))
            #expect(try await feed.next()?.revision == next)
        }
    }

    @Test("endpoints that nobody serves are all named, and one that serves is enough")
    func endpoints() async throws {
        try await EtcdFixture.with { fixture in
            var options = try fixture.options()
            let dead = try [FreePort.find(), FreePort.find()].map { EtcdEndpoint(host: "127.0.0.1", port: $0) }
            options.endpoints = dead
            let error = try await metadataError { _ = try await fixture.store(options) }
            #expect(error.code == .unavailable)
            for endpoint in dead { #expect(error.message.contains("\(endpoint)")) }
            #expect(error.message.contains("is it running"))
            options.endpoints = dead + [try EtcdEndpoint(fixture.etcd.url)]
            let store = try await fixture.store(options)
            let session = try await store.openSession(broker: 1, startEpoch: 1)
            var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
            let revision = try await store.put(.topic(TestRecords.topic("a", 1)))
            #expect(try await feed.next()?.revision == revision)
            #expect(await store.health().members.map(\.isReachable) == [false, false, true])
            await session.close()
        }
    }

    @Test("a full etcd says so and refuses, and takes writes again once it was compacted")
    func noSpace() async throws {
        try await EtcdFixture.with { options in
            options.arguments = ["--quota-backend-bytes", "\(512 << 10)"]
        } _: { fixture in
            let store = try await fixture.store()
            var record = TestRecords.topic("a", 1)
            let error = try await metadataError {
                for number in 0..<1_000 {
                    record.settings["filler"] = String(repeating: "\(number % 10)", count: 20_000)
                    try await store.put(.topic(record))
                }
            }
            #expect(error.code == .unavailable)
            #expect(error.message.contains("NOSPACE"))
            let health = await store.health()
            #expect(health.isAvailable)
            #expect(health.troubles.contains { $0.contains("alarm disarm") })
            #expect(health.members.first?.troubles.contains { $0.contains("NOSPACE") } == true)
            try await store.compactHistory(before: store.image().revision)
            try await fixture.etcd.control("defrag")
            try await fixture.etcd.control("alarm", "disarm")
            try await store.put(.topic(record))
            #expect(await store.health().troubles.isEmpty)
        }
    }

    @Test("a closed store leaves nothing running")
    func nothingIsLeft() async throws {
        try await EtcdFixture.with { fixture in
            weak var store: EtcdStore?
            weak var session: EtcdSession?
            do {
                let open = try await EtcdStore.connect(options: fixture.options(), logger: fixture.logger)
                store = open
                session = try await open.openSession(broker: 1, startEpoch: 1) as? EtcdSession
                let feed = try await open.changes(after: open.image().revision)
                #expect(store != nil)
                #expect(session != nil)
                await open.close()
                for try await update in feed { Issue.record("an update of a closed store: \(update)") }
            }
            #expect(store == nil)
            #expect(session == nil)
        }
    }
}
