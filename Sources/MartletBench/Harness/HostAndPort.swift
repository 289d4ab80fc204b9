/// "host:port" in its parts.
struct HostAndPort {
    var host: String
    var port: Int

    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
            throw BenchError("\(text) is no address")
        }
        host = String(text[..<colon])
        self.port = port
    }
}
