import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// What the kernel knows of this process's TCP sockets.
enum TCPEnds {
    /// The port at this end; nil for what is no IPv4 socket.
    static func local(_ descriptor: Int32) -> Int? { port { getsockname(descriptor, $0, $1) } }

    /// The port at the other end; nil for what is not connected.
    static func peer(_ descriptor: Int32) -> Int? { port { getpeername(descriptor, $0, $1) } }

    /// From the bytes of a `sockaddr_in`: two of family, two of port, big-endian.
    private static func port(
        _ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int? {
        var bytes = [UInt8](repeating: 0, count: 128)
        var count = socklen_t(bytes.count)
        let result = bytes.withUnsafeMutableBytes {
            ask($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &count)
        }
        guard result == 0, bytes[0] == UInt8(AF_INET) else { return nil }
        return Int(bytes[2]) << 8 | Int(bytes[3])
    }

    #if os(Linux)
        static func congestionControl(_ descriptor: Int32) -> String? {
            var name = [CChar](repeating: 0, count: 16)
            var count = socklen_t(name.count)
            guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, &count) == 0 else { return nil }
            return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    #endif
}
