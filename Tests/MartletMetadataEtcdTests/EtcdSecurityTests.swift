import Foundation
import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletTestSupport
import Testing

@testable import MartletMetadataEtcd

@Suite("etcd with users and with certificates", .serialized, .timeLimit(.minutes(2)))
struct EtcdSecurityTests {
    @Test("wrong passwords and missing rights are told; a token that etcd has forgotten is renewed")
    func password() async throws {
        try await EtcdFixture.with { fixture in
            let etcd = fixture.etcd
            for user in ["root", "weak"] { try await etcd.control("user", "add", "\(user):secret") }
            try await etcd.control("user", "grant-role", "root", "root")
            try await etcd.control("auth", "enable")
            var options = try fixture.options()
            let nobody = try await metadataError { _ = try await fixture.store(options) }
            #expect(nobody.code == .refused)
            #expect(nobody.message.contains("wants a user"), "\(nobody)")
            options.user = EtcdUser(name: "root", password: "wrong")
            let wrong = try await metadataError { _ = try await fixture.store(options) }
            #expect(wrong.code == .refused)
            #expect(wrong.message.contains("refuses the user or the password"), "\(wrong)")
            #expect(!wrong.message.contains("wrong"))
            options.user = EtcdUser(name: "weak", password: "secret")
            let weak = try await metadataError { _ = try await fixture.store(options) }
            #expect(weak.code == .refused)
            #expect(weak.message.contains("grant it read and write"), "\(weak)")
            options.user = EtcdUser(name: "root", password: "secret")
            let store = try await fixture.store(options)
            let session = try await store.openSession(broker: 1, startEpoch: 1)
            var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
            // Tokens live in etcd's memory.
            await etcd.kill()
            try await fixture.restart()
            let revision = try await fixture.store(options).put(.topic(TestRecords.topic("a", 1)))
            while let update = try await feed.next(), update.revision < revision {}
            try await store.put(.topic(TestRecords.topic("b", 2)))
            #expect(try await store.image().topics.count == 2)
            await session.close()
            #expect(try await store.image().sessions.isEmpty)
        }
    }

    @Test("certificates are checked both ways")
    func certificates() async throws {
        let directory = try TemporaryDirectory()
        let authority = try await Authority(directory.path)
        let server = try await authority.sign("server")
        let broker = try await authority.sign("broker")
        try await EtcdFixture.with { options in
            options.isSecure = true
            options.arguments = [
                "--cert-file", server.certificate, "--key-file", server.key, "--trusted-ca-file", authority.certificate,
                "--client-cert-auth",
            ]
        } _: { fixture in
            var options = try fixture.options()
            options.tls = EtcdTLS(
                authorityFile: authority.certificate, certificateFile: broker.certificate, keyFile: broker.key)
            let store = try await fixture.store(options)
            var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
            let revision = try await store.put(.topic(TestRecords.topic("a", 1)))
            #expect(try await feed.next()?.revision == revision)

            options.callTimeout = .seconds(2)
            options.tls = EtcdTLS(authorityFile: authority.certificate)
            let noCertificate = try await metadataError { _ = try await fixture.store(options) }
            #expect(noCertificate.code == .unavailable)
            #expect(noCertificate.message.contains("certificates"), "\(noCertificate)")
            options.tls = nil
            let stranger = try await metadataError { _ = try await fixture.store(options) }
            #expect(stranger.code == .unavailable)
            #expect(stranger.message.contains("certificates"), "\(stranger)")
            options.tls = EtcdTLS(authorityFile: directory.path + "/missing.pem")
            let missing = try await metadataError { _ = try await fixture.store(options) }
            #expect(missing.code == .refused)
            #expect(missing.message.contains("etcd.tls.ca.file \(directory.path)/missing.pem"), "\(missing)")
            options.tls = EtcdTLS(
                authorityFile: authority.certificate, certificateFile: server.key, keyFile: server.key)
            let mixed = try await metadataError { _ = try await fixture.store(options) }
            #expect(mixed.code == .refused && mixed.message.contains("cannot be set up"), "\(mixed)")
        }
    }

    @Test("certificates that were renewed, under another authority even, are taken up by a store that is open")
    func renewal() async throws {
        let directory = try TemporaryDirectory()
        let first = try await Authority(directory.path + "/first")
        let second = try await Authority(directory.path + "/second")
        /// What etcd and the broker are told of; the files are replaced.
        let used = directory.path + "/used"
        try FileManager.default.createDirectory(atPath: used, withIntermediateDirectories: true)
        func install(_ authority: Authority) async throws {
            let broker = try await authority.sign("broker")
            for (from, to) in [
                (authority.certificate, "ca.pem"), (broker.certificate, "cert.pem"), (broker.key, "key.pem"),
            ] {
                try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: "\(used)/\(to)"), options: .atomic)
            }
        }
        try await install(first)
        try await EtcdFixture.with { options in
            options.isSecure = true
            options.arguments = [
                "--cert-file", used + "/cert.pem", "--key-file", used + "/key.pem", "--trusted-ca-file",
                used + "/ca.pem", "--client-cert-auth",
            ]
        } _: { fixture in
            var options = try fixture.options()
            options.tls = EtcdTLS(
                authorityFile: used + "/ca.pem", certificateFile: used + "/cert.pem", keyFile: used + "/key.pem")
            let store = try await fixture.store(options)
            var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
            // etcd reads its authorities when it starts: from then on neither side takes the other's former certificate.
            await fixture.etcd.kill()
            try await install(second)
            try await fixture.restart()
            // A read may be tried again, so that it finds the new certificates; a transaction is sent once.
            _ = try await store.image()
            let revision = try await store.put(.topic(TestRecords.topic("a", 1)))
            #expect(try await feed.next()?.revision == revision)
        }
    }
}

/// A certificate authority of a test's own, made by openssl.
private struct Authority {
    struct Signed {
        var certificate: String
        var key: String
    }

    private let directory: String
    let certificate: String

    init(_ directory: String) async throws {
        self.directory = directory
        certificate = directory + "/ca.pem"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try await Self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=test authority", "-keyout", directory + "/ca.key", "-out", certificate)
    }

    func sign(_ name: String) async throws -> Signed {
        let signed = Signed(certificate: "\(directory)/\(name).pem", key: "\(directory)/\(name).key")
        let request = "\(directory)/\(name).csr"
        let extensions = "\(directory)/\(name).ext"
        let text = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n"
        try text.write(toFile: extensions, atomically: true, encoding: .utf8)
        try await Self.openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", signed.key, "-out", request)
        try await Self.openssl(
            "x509", "-req", "-in", request, "-CA", certificate, "-CAkey", directory + "/ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", signed.certificate)
        return signed
    }

    private static func openssl(_ arguments: String...) async throws {
        let process = try ChildProcess("/usr/bin/openssl", arguments)
        let end = try await process.waitUntilEnded()
        guard end == .exited(0) else { throw TestFailure("openssl \(arguments[0]): \(process.errors.tail)") }
    }
}
