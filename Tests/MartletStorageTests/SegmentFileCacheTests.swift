import MartletCore
import Testing

@testable import MartletStorage

@Suite("The cache of open segments")
struct SegmentFileCacheTests {
    @Test("the segments used last stay open, and a lease outlives eviction")
    func eviction() throws {
        let directory = TemporaryDirectory()
        let cache = SegmentFileCache(capacity: 2)
        var opened: [UInt64] = []
        func use(_ number: UInt64) throws -> Segment {
            try cache.segment(number) { () throws(StorageError) in
                opened.append(number)
                let base = Offset(number * 100 + UInt64(opened.count))
                return try Segment.create(.system, directory: directory.path, baseOffset: base)
            }
        }
        let lease = FileLease(try use(1), LeaseBook())
        _ = try use(2)
        _ = try use(1)
        _ = try use(3)
        #expect(cache.count == 2)
        _ = try use(1)
        #expect(opened == [1, 2, 3], "1 was used after 2 and stays")
        _ = try use(2)
        _ = try use(3)
        #expect(opened == [1, 2, 3, 2, 3])
        #expect(lease.descriptor >= 0 && DirectoryListing.isDirectory("/proc/self/fd"))
        #expect(try DirectoryListing.size("/proc/self/fd/\(lease.descriptor)") == 0, "evicted, and still open")
    }
}
