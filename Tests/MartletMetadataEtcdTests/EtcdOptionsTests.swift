import MartletMetadata
import Testing

@testable import MartletMetadataEtcd

@Suite("Options of the etcd store")
struct EtcdOptionsTests {
    @Test(
        "endpoints are read in every usual form, and written back as URLs",
        arguments: [
            ("http://localhost:2379", "http://localhost:2379"), ("localhost", "http://localhost:2379"),
            ("https://etcd-1.example:4001/", "https://etcd-1.example:4001"), ("10.0.0.7:80", "http://10.0.0.7:80"),
            ("[::1]:99", "http://[::1]:99"), ("https://[fe80::1]", "https://[fe80::1]:2379"),
        ])
    func endpoints(text: String, url: String) throws {
        #expect(try EtcdEndpoint(text).description == url)
        #expect(try EtcdEndpoint(url) == EtcdEndpoint(text))
    }

    @Test(
        "what is no endpoint is refused",
        arguments: ["", "http://", ":80", "host:0", "host:65536", "host:x", "[::1", "[::1]80", "ftp://a/b", "a b"])
    func badEndpoints(text: String) {
        #expect(throws: MetadataError.self) { try EtcdEndpoint(text) }
    }

    @Test("options that cannot work are refused, with the reason")
    func options() throws {
        let good = EtcdOptions(endpoints: [try EtcdEndpoint("http://a")], cluster: "prod-1")
        try good.check()
        func expect(_ word: String, _ change: (inout EtcdOptions) -> Void) throws {
            var options = good
            change(&options)
            let error = try #require(#expect(throws: MetadataError.self) { try options.check() })
            #expect(error.message.contains(word), "\(error.message)")
        }
        try expect("endpoint") { $0.endpoints = [] }
        try expect("name") { $0.cluster = "" }
        try expect("a/b") { $0.cluster = "a/b" }
        try expect("timeout") { $0.callTimeout = .zero }
        try expect("whole seconds") { $0.sessionTimeout = .milliseconds(2_500) }
        try expect("2 to 60") { $0.sessionTimeout = .seconds(1) }
        try expect("https") { $0.tls = EtcdTLS() }
        try expect("key") { $0.tls = EtcdTLS(certificateFile: "c") }
    }
}
