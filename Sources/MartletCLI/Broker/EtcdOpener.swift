import Foundation
import Logging
import MartletMetadata
import MartletMetadataEtcd
import MartletServer

/// Opens the metadata store of a broker that is told of an etcd. Here, so that nothing else has to link what speaks gRPC.
enum EtcdOpener {
    @Sendable
    static func open(_ settings: ServerSettings, _ logger: Logger) async throws -> any MetadataStore {
        try await open(settings.cluster, logger)
    }

    static func open(_ cluster: ClusterSettings, _ logger: Logger) async throws -> EtcdStore {
        try await EtcdStore.connect(options: try options(cluster), logger: logger)
    }

    private static func options(_ cluster: ClusterSettings) throws -> EtcdOptions {
        var options = EtcdOptions(
            endpoints: try cluster.etcdEndpoints.map { try EtcdEndpoint($0) }, cluster: cluster.name)
        options.sessionTimeout = cluster.sessionTimeout
        if let user = cluster.etcdUser { options.user = EtcdUser(name: user, password: try password(cluster)) }
        let files = [cluster.etcdAuthorityFile, cluster.etcdCertificateFile, cluster.etcdKeyFile]
        if files.contains(where: { $0 != nil }) {
            options.tls = EtcdTLS(authorityFile: files[0], certificateFile: files[1], keyFile: files[2])
        }
        return options
    }

    private static func password(_ cluster: ClusterSettings) throws -> String {
        if let password = cluster.etcdPassword { return password }
        let path = cluster.etcdPasswordFile ?? ""
        do {
            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
        } catch {
            throw SettingsError("etcd.password.file \(path): cannot be read: \(error.localizedDescription)")
        }
    }
}
