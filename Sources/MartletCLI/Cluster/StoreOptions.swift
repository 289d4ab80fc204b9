import ArgumentParser
import Foundation
import Logging
import MartletBroker
import MartletCLIKit
import MartletMetadataEtcd
import MartletServer

/// Which metadata store is meant, for commands that work on it while no broker runs.
struct StoreOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Servers of etcd.", valueName: "url,url"))
    var etcd: String

    @Option(name: .long, help: "The name of the cluster in etcd.")
    var cluster = "martlet"

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "etcd.user, etcd.password.file or etcd.tls.*, as a broker takes them.", valueName: "name=value"))
    var set: [String] = []

    var destination: String { "etcd at \(etcd), cluster \(cluster)" }

    static var logger: Logger {
        var logger = Logger(label: "martlet") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }

    /// Runs `body` with the store, and closes it afterwards.
    ///
    /// Not optimised: Swift 6.3 crashes in a release build when it specialises this for a body with typed errors.
    @_optimize(none)
    func withStore<Result>(_ body: (EtcdStore) async throws -> Result) async throws -> Result {
        var flags = ["etcd.endpoints": etcd, "cluster.name": cluster]
        for assignment in set {
            guard let parsed = Assignment(assignment) else {
                throw ValidationError("--set \(assignment): write it as name=value")
            }
            flags[parsed.name] = parsed.value
        }
        let reader = try await SettingsReader(
            flags: flags, environment: ProcessInfo.processInfo.environment, file: nil)
        let store = try await EtcdOpener.open(try ServerSettings(reader: reader).cluster, Self.logger)
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(store)) } catch { outcome = .failure(error) }
        await store.close()
        do {
            return try outcome.get()
        } catch let error as BrokerError {
            throw CommandFailure.failed(error.message)
        }
    }
}
