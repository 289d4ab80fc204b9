import Foundation
import MartletTestSupport
import Testing

@Suite("A child process")
struct ChildProcessTests {
    @Test("a child has no descriptor of its parent's, and the parent's own stay as they are")
    func descriptors() async throws {
        // As Foundation's Process makes its socket: to be inherited, by its own child only.
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { pair.forEach { close($0) } }
        let child = try ChildProcess("/bin/ls", ["-l", "/proc/self/fd"])
        #expect(try await child.waitUntilEnded() == .exited(0))
        // Beside its outputs, which are sockets: what it reads, and the folder it lists.
        #expect(child.output.lines.count { $0.contains("socket:") } == 2)
        #expect(child.output.lines.count { $0.contains("->") } == 4)
        for descriptor in pair { #expect(fcntl(descriptor, F_GETFD) == 0) }
    }
}
