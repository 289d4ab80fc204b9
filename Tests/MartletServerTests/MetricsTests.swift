import MartletServer
import NIOCore
import NIOPosix
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("counters, labels and infinities are written as Prometheus reads them")
    func exposition() {
        let families = [
            MetricFamily("martlet_records_total", .counter, "Records.\nAll of them.", value: 12_000_000_000),
            MetricFamily(
                "martlet_sync_seconds", .histogram, "Sync latency.",
                samples: [
                    .init(suffix: "_bucket", labels: [("le", "+Inf")], value: 3),
                    .init(suffix: "_sum", value: 0.25),
                ]),
            MetricFamily(
                "martlet_offline", .gauge, "Offline.",
                samples: [.init(labels: [("topic", "a\"b\\c\nd")], value: .infinity)]),
        ]
        #expect(
            MetricFamily.text(families) == """
                # HELP martlet_records_total Records.\\nAll of them.
                # TYPE martlet_records_total counter
                martlet_records_total 12000000000
                # HELP martlet_sync_seconds Sync latency.
                # TYPE martlet_sync_seconds histogram
                martlet_sync_seconds_bucket{le="+Inf"} 3
                martlet_sync_seconds_sum 0.25
                # HELP martlet_offline Offline.
                # TYPE martlet_offline gauge
                martlet_offline{topic="a\\"b\\\\c\\nd"} +Inf

                """)
    }

    @Test(
        "the port answers a scrape, and tells everyone else where the metrics are",
        arguments: [("/metrics", "200 OK", "martlet_up 1"), ("/", "404 Not Found", "at /metrics")]
            as [(String, String, String)])
    func scrape(path: String, status: String, body: String) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await MetricsServer.start(on: HostPort(host: "127.0.0.1", port: 0), group: group) {
            [MetricFamily("martlet_up", .gauge, "Up.", value: 1)]
        }
        let answer = try await exchange(
            "GET \(path) HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", with: server.address)
        await server.stop()
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"))
        #expect(answer.contains(body))
    }

    /// Sends `request`, reads until the server closes.
    private func exchange(_ request: String, with address: SocketAddress) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = ""
            for try await part in inbound { answer += String(buffer: part) }
            return answer
        }
    }
}
