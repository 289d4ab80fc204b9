package import Logging
package import MartletMetadata
package import MartletStorage
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle

/// One run of a broker in this process: data directory, listener, metrics port, ready file.
///
/// ``run()`` serves until a graceful shutdown (SIGTERM, through a `ServiceGroup`) or cancellation, then stops cleanly: takes no new
/// calls, answers those in flight within `shutdown.grace.ms`, syncs and checkpoints, so that the next start reads no log data.
package struct BrokerService: Service {
    /// Opens the metadata store that a cluster shares, as `settings.cluster` says. Throws what tells a person what to mend,
    /// and a ``MetadataError`` that may pass when the store does not answer: it is tried again then.
    package typealias StoreOpener = @Sendable (ServerSettings, Logger) async throws -> any MetadataStore

    private let settings: ServerSettings
    private let logger: Logger
    private let openCluster: StoreOpener?
    private let storage: LogStoreOptions
    /// Runs once when the broker serves, with the address that the listener got.
    private let onReady: @Sendable (HostPort) -> Void

    /// Without `openCluster` it only serves as a broker by itself: what it takes to reach etcd is linked by whoever needs it.
    ///
    /// - Parameter storage: What the settings do not say of storage. Tests put a disk of theirs there.
    package init(
        settings: ServerSettings, logger: Logger, storage: LogStoreOptions = LogStoreOptions(),
        onReady: @escaping @Sendable (HostPort) -> Void = { _ in },
        openCluster: StoreOpener? = nil
    ) {
        self.settings = settings
        self.logger = logger
        self.openCluster = openCluster
        self.storage = storage
        self.onReady = onReady
    }

    /// Throws ``SettingsError`` for what a person can mend: a directory in use, an address that is taken, a newer format.
    /// Throws, too, after an orderly stop, when another process has taken this broker's place.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.networkThreads ?? System.coreCount)
        do {
            try await serve(on: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
        logger.info("stopped")
    }

    private func serve(on group: any EventLoopGroup) async throws {
        let run: BrokerRun
        do {
            run = try await BrokerRun.start(
                settings: settings, openCluster: openCluster, storage: storage,
                openFilesMax: SystemLimits.raiseOpenFiles(), group: group,
                logger: logger)
        } catch {
            guard Task.isShuttingDownGracefully else { throw error }
            logger.info("told to stop before it served")
            return
        }
        onReady(run.address)
        let displaced = await run.untilEnd()
        await run.stop()
        if let displaced { throw displaced }
    }
}
