import MartletCore
import MartletMetadata
import Testing

@testable import MartletMetadataEtcd

@Suite("Updates from a watch")
struct WatchMachineTests {
    private let layout = KeyLayout(cluster: "c")

    private func machine(at revision: Revision) -> WatchMachine {
        WatchMachine(layout: layout, revision: revision)
    }

    private func put(_ name: String, _ number: Int, at revision: Revision) -> Event {
        let record = MetadataRecord.topic(TestRecords.topic(name, number))
        let value = StoredValue(mark: .random(), record: record).bytes
        return Event(type: 0, kv: KeyValue(key: layout.key(of: record.key), modRevision: revision, value: value))
    }

    private func remove(_ key: MetadataKey, at revision: Revision) -> Event {
        Event(type: 1, kv: KeyValue(key: layout.key(of: key), modRevision: revision))
    }

    @Test("the events of one revision are one update, and revisions stay in order")
    func grouping() throws {
        var machine = machine(at: 10)
        #expect(machine.request.startRevision == 11)
        let events = [
            put("a", 1, at: 11), remove(.topic("b"), at: 11), put("c", 3, at: 14), remove(.controller, at: 15),
        ]
        let step = try machine.receive(WatchResponse(header: ResponseHeader(revision: 15), events: events))
        #expect(
            step
                == .updates([
                    MetadataUpdate(
                        revision: 11, changes: [.put(.topic(TestRecords.topic("a", 1))), .remove(.topic("b"))]),
                    MetadataUpdate(revision: 14, changes: [.put(.topic(TestRecords.topic("c", 3)))]),
                    MetadataUpdate(revision: 15, changes: [.remove(.controller)]),
                ]))
        #expect(machine.revision == 15)
        #expect(machine.request.startRevision == 16)
    }

    @Test("what a second watch repeats is not told twice")
    func repeats() throws {
        var machine = machine(at: 10)
        _ = try machine.receive(WatchResponse(events: [put("a", 1, at: 12)]))
        let step = try machine.receive(WatchResponse(events: [put("a", 1, at: 12), put("b", 2, at: 13)]))
        #expect(
            step == .updates([MetadataUpdate(revision: 13, changes: [.put(.topic(TestRecords.topic("b", 2)))])]))
    }

    @Test("compaction ends the feed, cancellation only the watch, and a member that is behind is told")
    func ends() throws {
        var machine = machine(at: 10)
        let created = WatchResponse(header: ResponseHeader(revision: 10), created: true)
        #expect(try machine.receive(created) == .updates([]))
        let behind = WatchResponse(header: ResponseHeader(revision: 9), created: true)
        #expect(try machine.receive(behind) == .behind(9))
        let canceled = WatchResponse(header: ResponseHeader(revision: 12), canceled: true, cancelReason: "no leader")
        #expect(try machine.receive(canceled) == .canceled("no leader"))
        let error = #expect(throws: MetadataError.self) {
            try machine.receive(WatchResponse(canceled: true, compactRevision: 40))
        }
        #expect(error?.code == .revisionCompacted)
        #expect(machine.revision == 10)
    }

    @Test("an event that cannot be read ends the feed, and is never left out")
    func unreadable() {
        var machine = machine(at: 10)
        var event = put("a", 1, at: 11)
        event.kv?.value.removeLast()
        let error = #expect(throws: MetadataError.self) { try machine.receive(WatchResponse(events: [event])) }
        #expect(error?.code == .corrupt)
    }
}
