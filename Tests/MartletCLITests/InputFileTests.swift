import Testing

@testable import MartletCLIKit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("input", .timeLimit(.minutes(1)))
struct InputFileTests {
    @Test("an input that is stopped ends, though whoever writes to it goes on")
    func stopping() async throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(write(ends[1], "half a li", 9) == 9)
        let input = try InputFile("/dev/fd/\(ends[0])")
        nonisolated(unsafe) let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
        defer { room.deallocate() }
        #expect(try await input.read(into: room) == 9)
        #expect(!input.isStopped)
        async let rest = input.read(into: room)
        input.stop()
        #expect(try await rest == 0)
        #expect(input.isStopped)
    }
}
