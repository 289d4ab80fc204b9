internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Why the network refused something, in the system's words and without the names of types.
package enum NetworkReason {
    package static func text(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as SocketAddressError.UnknownHost: "\(error.host): \(error.errorDescription)"
        case ChannelError.connectTimeout(let time):
            "nobody answered within \(time.nanoseconds / 1_000_000) ms"
        default: "\(error)"
        }
    }
}
