import Testing

@testable import Martlet

@Suite("configuration")
struct ConfigurationTests {
    @Test(
        "addresses are read as people write them",
        arguments: [
            ("localhost", "localhost", 7400), ("10.0.0.1:9000", "10.0.0.1", 9000), ("[::1]:7401", "::1", 7401),
            ("::1", "::1", 7400), ("[fe80::1]", "fe80::1", 7400),
        ])
    func addresses(text: String, host: String, port: Int) {
        #expect(BrokerAddress(text) == BrokerAddress(host: host, port: port))
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", ":7400", "host:", "host:0", "host:70000", "host:x", "[::1", "[::1]x", "http://host:7400", "a b",
        ])
    func badAddresses(text: String) {
        #expect(BrokerAddress(text) == nil)
    }

    @Test("a setting outside its limits is refused by name")
    func limits() throws {
        var producer = try #require(ProducerConfiguration("localhost"))
        try producer.validate()
        producer.maxInFlightPerPartition = 6
        let error = #expect(throws: MartletError.self) { try producer.validate() }
        #expect(error?.code == .invalidArgument && error?.message.contains("maxInFlightPerPartition") == true)
        var consumer = try #require(ConsumerConfiguration("localhost"))
        try consumer.validate()
        consumer.maxWait = .seconds(30)
        #expect(throws: MartletError.self) { try consumer.validate() }
        var client = ClientConfiguration(bootstrap: [])
        #expect(throws: MartletError.self) { try client.validate() }
        client.bootstrap = [BrokerAddress(host: "h")]
        client.retryBackoff = .seconds(2)
        #expect(throws: MartletError.self) { try client.validate() }
    }

    @Test("back-off doubles to its limit, with a fifth of jitter")
    func backoff() {
        let backoff = Backoff(first: .milliseconds(50), most: .seconds(1))
        var random = RandomSource(seed: 1)
        for (failures, expected) in [(1, 50), (2, 100), (3, 200), (5, 800), (6, 1000), (60, 1000)] {
            for _ in 0..<20 {
                let delay = backoff.delay(afterFailures: failures, using: &random)
                #expect(delay >= .milliseconds(expected * 8 / 10) && delay <= .milliseconds(expected * 12 / 10))
            }
        }
    }
}
