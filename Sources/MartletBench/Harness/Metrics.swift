import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Numbers that a broker tells Prometheus.
package enum Metrics {
    /// The value of the sample with this name and no labels in Prometheus text; nil when there is none.
    package static func value(of name: String, in text: String) -> Double? {
        for line in text.split(separator: "\n") where line.hasPrefix("\(name) ") {
            return Double(line.dropFirst(name.count + 1))
        }
        return nil
    }

    static func read(from address: String) async throws -> String {
        guard let url = URL(string: "http://\(address)/metrics") else { throw BenchError("\(address) is no address") }
        let (data, _) = try await URLSession.shared.data(from: url)
        return String(decoding: data, as: UTF8.self)
    }
}
