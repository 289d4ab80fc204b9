internal import Foundation

/// Ports of loopback for brokers that are killed and come back under the same address.
package enum FreePort {
    /// Below the range from which the system takes the ports of outgoing connections. A port from that range could be
    /// taken by a client that dials it while the broker is down: it would connect to itself, and keep the broker out.
    private static let range = 20_000..<32_000

    package static func find() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: range)
            if isFree(port) { return port }
        }
        throw TestFailure("no port of \(range) is free")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return SocketAddress.withLoopback(port: port) { bind(descriptor, $0, $1) == 0 }
    }
}

enum SocketAddress {
    static func withLoopback<Result>(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
