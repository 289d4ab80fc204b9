/// Where a broker listens.
public struct BrokerAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address. IPv6 addresses stand without brackets.
    public var host: String
    /// 1 to 65535.
    public var port: Int

    /// The port that brokers listen on unless told otherwise.
    public static let defaultPort = 7400

    public init(host: String, port: Int = BrokerAddress.defaultPort) {
        self.host = host
        self.port = port
    }

    /// Reads "host:port", "host", "[::1]:port" or "::1". Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        var host = text[...]
        var port = String(Self.defaultPort)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            if !rest.isEmpty { port = String(rest.dropFirst()) }
        } else if let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon {
            host = text[..<colon]
            port = String(text[text.index(after: colon)...])
        }
        // A URL is no address, though it may look like one of IPv6.
        guard !host.isEmpty, !host.contains(where: { $0 == "/" || $0.isWhitespace }), let number = UInt16(port),
            number > 0
        else { return nil }
        self.init(host: String(host), port: Int(number))
    }

    /// "host:port", with brackets round an IPv6 address.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
