internal import Foundation
internal import MartletMetadata

/// What the files of certificates held when they were read. Two readings that are the same are the same certificates.
struct CertificateFiles: Sendable, Equatable {
    /// Nil: those that the system trusts.
    let authority: [UInt8]?
    /// Both or neither.
    let certificate: [UInt8]?
    let key: [UInt8]?

    /// Throws `.refused`, naming the file that cannot be read. Blocks for moments.
    init(_ tls: EtcdTLS) throws(MetadataError) {
        authority = try Self.read(tls.authorityFile, "etcd.tls.ca.file")
        certificate = try Self.read(tls.certificateFile, "etcd.tls.cert.file")
        key = try Self.read(tls.keyFile, "etcd.tls.key.file")
    }

    private static func read(_ path: String?, _ setting: String) throws(MetadataError) -> [UInt8]? {
        guard let path else { return nil }
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw MetadataError(.refused, "\(setting) \(path) cannot be read: \(error.localizedDescription)")
        }
    }
}
