import Logging
import MartletCore
import MartletMetadata
import MartletTestSupport
import Synchronization
import Testing

@testable import MartletMetadataEtcd

/// An etcd of a test's own and the stores that the test opens on it; all are gone at the end.
final class EtcdFixture: Sendable {
    private let directory: TemporaryDirectory
    private let stores = Mutex<[EtcdStore]>([])
    private let clusters = Mutex(0)
    private let current: Mutex<EtcdProcess>
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    var etcd: EtcdProcess { current.withLock { $0 } }

    private init(_ directory: TemporaryDirectory, _ etcd: EtcdProcess) {
        self.directory = directory
        current = Mutex(etcd)
    }

    static func with(
        _ configure: (inout EtcdProcess.Options) throws -> Void = { _ in }, _ body: (EtcdFixture) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let fixture = EtcdFixture(directory, try await start(in: directory, configure))
        do {
            try await body(fixture)
        } catch {
            await fixture.close()
            throw error
        }
        await fixture.close()
    }

    /// A port that was free may be somebody else's by the time etcd wants it.
    private static func start(
        in directory: TemporaryDirectory, _ configure: (inout EtcdProcess.Options) throws -> Void
    ) async throws -> EtcdProcess {
        var attempt = 1
        while true {
            var options = try EtcdProcess.Options(dataDirectory: "\(directory.path)/etcd-\(attempt)")
            try configure(&options)
            do {
                return try await EtcdProcess.start(options)
            } catch let failure as TestFailure where failure.description.contains("in use") && attempt < 3 {
                attempt += 1
            }
        }
    }

    private func close() async {
        // One that is suspended would keep the stores waiting for their last answers.
        etcd.resume()
        for store in stores.withLock({ $0 }) { await store.close() }
        await etcd.kill()
    }

    /// Starts it again at its address, after it was killed.
    func restart() async throws {
        let etcd = try await EtcdProcess.start(etcd.options)
        current.withLock { $0 = etcd }
    }

    /// Of a cluster of its own, unless it is named.
    func options(cluster: String? = nil) throws -> EtcdOptions {
        let number = clusters.withLock { number in
            number += 1
            return number
        }
        var options = EtcdOptions(endpoints: [try EtcdEndpoint(etcd.url)], cluster: cluster ?? "c\(number)")
        // The machine may be busy: only tests of deadlines want short ones.
        options.callTimeout = .seconds(20)
        options.sessionTimeout = .seconds(60)
        return options
    }

    func store(_ options: EtcdOptions? = nil) async throws -> EtcdStore {
        let store = try await EtcdStore.connect(options: options ?? self.options(), logger: logger)
        stores.withLock { $0.append(store) }
        return store
    }
}

extension MetadataStore {
    /// Writes `record` whatever is there.
    @discardableResult
    func put(_ record: MetadataRecord) async throws -> Revision {
        var transaction = MetadataTransaction()
        transaction.changes = [.put(record)]
        guard case .committed(let revision) = try await commit(transaction) else {
            Issue.record("a transaction without conditions met a conflict")
            return 0
        }
        return revision
    }
}

/// The error that `body` must throw.
func metadataError(_ body: () async throws -> Void) async throws -> MetadataError {
    try #require(
        await #expect(throws: MetadataError.self) {
            try await body()
        })
}
