import Logging
import MartletCore
import Synchronization
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps what was logged at warning or above.
private struct LogKeeper: LogHandler {
    final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let file = event.metadata?["file"].map { "\($0)" } ?? ""
        lines.all.withLock { $0.append("\(event.message) \(file)") }
    }
}

@Suite("Index files that are not what they should be")
struct IndexDamageTests {
    enum Damage: CaseIterable {
        case missing, torn, empty, zeroed
    }

    private let directory = TemporaryDirectory()
    private let lines = LogKeeper.Lines()

    private func open() throws -> (LogStore, PartitionLog) {
        var options = testOptions()
        options.logger = Logger(label: "kept") { _ in LogKeeper(lines: lines) }
        let store = try LogStore(directory: directory.path, options: options)
        store.startBackground()
        let settings = LogSettings(segmentBytes: 40_000)
        let isThere = DirectoryListing.isDirectory(StoreLayout(directory.path).partitionPath(partition()))
        let log =
            try isThere
            ? store.open(partition(), topic: "t", settings: settings)
            : store.create(partition(), topic: "t", settings: settings)
        return (store, log)
    }

    @Test(
        "are named after a clean stop, when they are first used; reads are right before and after they are made anew",
        arguments: Damage.allCases)
    func afterCleanStop(damage: Damage) throws {
        let (first, filled) = try open()
        try filled.startLeaderEpoch(1)
        for number in 0..<300 {
            try filled.append(batch("\(number)" + String(repeating: "x", count: 400)))
        }
        let bases = filled.shared.withLock { $0.segments.infos.map(\.baseOffset) }
        #expect(bases.count > 3)
        first.close()
        for base in bases {
            for suffix in [".index", ".timeindex"] {
                let path = "\(filled.directory)/\(SegmentFiles.stem(base))\(suffix)"
                let size = try #require(try DirectoryListing.size(path))
                switch damage {
                case .missing: unlink(path)
                case .torn: truncate(path, off_t(size / 2 + 1))
                case .empty: truncate(path, 0)
                case .zeroed:
                    truncate(path, 0)
                    truncate(path, off_t(size))
                }
            }
        }
        let (store, log) = try open()
        defer { store.close() }
        for round in 0..<2 {
            for offset in [0, 77, 150, 299] as [Offset] {
                #expect(try log.records(from: offset, maxBytes: 2_000).first?.offset == offset, "round \(round)")
            }
            store.maintain()
        }
        let said = lines.all.withLock { $0 }
        // The last one is still written to, and is told when it is opened for that.
        for base in bases.dropLast() {
            #expect(said.filter { $0.contains("index") && $0.contains(SegmentFiles.stem(base)) }.count == 1, "\(said)")
            let segment = try Segment.openSealed(
                .system, directory: log.directory, baseOffset: base,
                end: UInt32(try #require(try DirectoryListing.size("\(log.directory)/\(SegmentFiles.stem(base)).log"))))
            #expect(try segment.hasSoundIndex && segment.matchesIndex())
        }
        try log.startLeaderEpoch(2)
        try log.append(batch("next"), epoch: 2)
        let last = try #require(bases.last)
        #expect(lines.all.withLock { $0 }.contains { $0.contains("index") && $0.contains(SegmentFiles.stem(last)) })
    }
}
