internal import Foundation

/// A TCP connection to a broker that sends whatever bytes it is told to. Its calls block, each for `timeout` at most:
/// use it on a ``BlockingThread``.
package final class RawConnection {
    package enum Received: Equatable {
        case bytes([UInt8])
        /// The broker has closed its side, or reset the connection.
        case closed
        case nothingInTime
    }

    private var descriptor: Int32

    /// - Parameter receiveBuffer: Of the socket, in bytes; small, the broker soon cannot write. Nil: the system's.
    package init(port: Int, timeout: Duration = .seconds(20), receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("no socket: \(String(cString: strerror(errno)))") }
        if let receiveBuffer { set(SO_RCVBUF, receiveBuffer) }
        let limit = timeval(tv_sec: Int(timeout.components.seconds), tv_usec: 0)
        set(SO_RCVTIMEO, limit)
        set(SO_SNDTIMEO, limit)
        // What is sent a byte at a time goes out a byte at a time.
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        let isConnected = SocketAddress.withLoopback(port: port) { connect(descriptor, $0, $1) == 0 }
        guard isConnected else {
            throw TestFailure("cannot connect to port \(port): \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        close()
    }

    private func set<Value>(_ option: Int32, _ value: Value) {
        withUnsafePointer(to: value) { pointer in
            _ = setsockopt(descriptor, SOL_SOCKET, option, pointer, socklen_t(MemoryLayout<Value>.size))
        }
    }

    /// False: the broker has closed the connection, or did not take the bytes in time.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    package func receive(_ bytesMax: Int = 1 << 16) -> Received {
        var buffer = [UInt8](repeating: 0, count: bytesMax)
        while true {
            let count = recv(descriptor, &buffer, bytesMax, 0)
            if count > 0 { return .bytes(Array(buffer[..<count])) }
            if count == 0 { return .closed }
            if errno == EINTR { continue }
            return errno == EAGAIN || errno == EWOULDBLOCK ? .nothingInTime : .closed
        }
    }

    /// What comes until the broker closes its side; nil when it does not close within the timeout.
    package func receiveUntilClosed() -> [UInt8]? {
        var all: [UInt8] = []
        while true {
            switch receive() {
            case .bytes(let bytes): all += bytes
            case .closed: return all
            case .nothingInTime: return nil
            }
        }
    }

    /// Exactly so many bytes; nil when the connection ends, or stays silent for the timeout, before that.
    package func receiveExactly(_ count: Int) -> [UInt8]? {
        var all: [UInt8] = []
        while all.count < count {
            guard case .bytes(let bytes) = receive(count - all.count) else { return nil }
            all += bytes
        }
        return all
    }

    /// Sends no more; what the broker sends still comes.
    package func closeSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends the connection with a reset.
    package func reset() {
        set(SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        close()
    }

    package func close() {
        if descriptor >= 0 { Foundation.close(descriptor) }
        descriptor = -1
    }
}
