import Foundation
import MartletTestSupport
import Testing

extension ProcessTests {
    /// Clients that are not the SDK.
    @Suite("Other clients")
    struct OtherClientTests {
        private static let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

        @Test(
            "a client in Python, made from the contract alone, creates, produces and fetches", .timeLimit(.minutes(2)))
        func python() async throws {
            try await BrokerFixture.with { fixture in
                let script = Self.repository + "/Tests/Python/martlet_client.py"
                let client = try ChildProcess("/usr/bin/python3", ["-B", script, fixture.address])
                #expect(try await client.waitUntilEnded() == .exited(0), "\(client.errors.text)")
                #expect(client.output.lines == ["0\tkey-1\thello", "1\t\tGrüße", "2\tkey-3\t"])
            }
        }
    }
}
