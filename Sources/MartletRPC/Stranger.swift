import NIOCore

/// A peer whose first bytes are not a frame: who it probably is, from the bytes alone.
package enum Stranger: Sendable, Equatable {
    case http
    case tls
    case kafka
    case unknown(firstBytes: [UInt8])

    /// Enough to tell the kinds apart: a Kafka request header up to its API version.
    static let bytesToRecognise = 8

    private static let httpMethods = ["GET ", "POST", "HEAD", "PUT ", "OPTI", "DELE", "PATC", "CONN", "TRAC", "PRI "]

    /// Judges bytes that do not begin with the magic. nil: too few to tell, ask again with more.
    static func recognise(_ bytes: ByteBufferView) -> Stranger? {
        let first = Array(bytes.prefix(bytesToRecognise))
        if first.starts(with: [0x16, 0x03]) {
            return .tls
        }
        if httpMethods.contains(where: { first.starts(with: $0.utf8) }) {
            return .http
        }
        if first.count < bytesToRecognise && mayBecomeKnown(first) {
            return nil
        }
        return isKafka(first) ? .kafka : .unknown(firstBytes: first)
    }

    /// Whether more bytes could still make `first` one of the kinds.
    private static func mayBecomeKnown(_ first: [UInt8]) -> Bool {
        first.starts(with: [0x16]) && first.count < 2
            || httpMethods.contains { $0.utf8.starts(with: first) }
            || (first.first == 0 && first.count < bytesToRecognise)
    }

    /// A request header: size i32 (plausible), API key i16 (0...92), API version i16 (0...20).
    private static func isKafka(_ first: [UInt8]) -> Bool {
        guard first.count == bytesToRecognise, first[0] == 0 else { return false }
        let size = first[0..<4].reduce(0) { $0 << 8 | Int($1) }
        let key = Int(first[4]) << 8 | Int(first[5])
        let version = Int(first[6]) << 8 | Int(first[7])
        return size >= 8 && key <= 92 && version <= 20
    }

    /// For the log, after "PEER sent ".
    package var explanation: String {
        switch self {
        case .http:
            "an HTTP request; this port speaks the Martlet protocol"
        case .tls:
            "a TLS greeting; this listener is not encrypted: turn TLS off in the client"
        case .kafka:
            "what looks like a Kafka request; this port speaks the Martlet protocol, not Kafka's"
        case .unknown(let firstBytes):
            "bytes that are not the Martlet protocol: " + Self.hex(firstBytes)
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    /// What is sent back before the connection closes; nil where the peer would not understand anything.
    func reply(metricsHint: String) -> ByteBuffer? {
        switch self {
        case .http:
            let text = "This port speaks the Martlet protocol (framed protobuf), not HTTP.\n\(metricsHint)\n"
            return ByteBuffer(
                string: """
                    HTTP/1.1 400 Bad Request\r
                    Content-Type: text/plain; charset=utf-8\r
                    Content-Length: \(text.utf8.count)\r
                    Connection: close\r
                    \r
                    \(text)
                    """)
        case .tls:
            // A fatal alert, protocol_version: the TLS client says so instead of "connection reset".
            return ByteBuffer(bytes: [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46])
        case .kafka, .unknown:
            return nil
        }
    }
}
