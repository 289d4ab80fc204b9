internal import Logging
internal import MartletBroker
internal import MartletCore
internal import MartletMetadata
internal import MartletProtocol
internal import MartletRPC
internal import MartletStorage
internal import NIOCore
internal import ServiceLifecycle

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The parts of a running broker, in the order in which they start; they stop in the opposite one.
struct BrokerRun: Sendable {
    /// Where clients connect.
    let address: HostPort
    private let settings: ServerSettings
    private let broker: Broker
    private let groups: GroupCoordinator
    private let server: RPCServer
    private let metrics: MetricsServer?
    private let watch: StoreWatch?
    private let readyFile: ReadyFile?
    private let logger: Logger

    static func start(
        settings: ServerSettings, openCluster: BrokerService.StoreOpener?, storage: LogStoreOptions, openFilesMax: Int,
        group: any EventLoopGroup, logger: Logger
    ) async throws -> BrokerRun {
        let store = try await openStore(settings, storage, logger)
        let metadata: any MetadataStore
        do {
            metadata = try await openMetadata(settings, openCluster, logger)
        } catch {
            store.close()
            throw error
        }
        let peers = settings.cluster.isClustered ? transport(settings, store, group) : nil
        let broker = Broker(
            settings: settings.broker, store: store, metadata: metadata, logger: logger.part("broker"), peers: peers)
        peers?.onDeath { [weak broker] run in broker?.reportDeath(run) }
        do {
            return try await serve(
                settings: settings, broker: broker, store: store, metadata: metadata, openFilesMax: openFilesMax,
                group: group, logger: logger)
        } catch {
            await broker.stop()
            throw error
        }
    }

    /// The listener opens before the partitions do: clients of a broker that starts are told to try again, not refused.
    private static func serve(
        settings: ServerSettings, broker: Broker, store: LogStore, metadata: any MetadataStore, openFilesMax: Int,
        group: any EventLoopGroup, logger: Logger
    ) async throws -> BrokerRun {
        let report = StatusReporter(broker: broker, store: store, settings: settings, openFilesMax: openFilesMax)
        let groups = GroupCoordinator(broker: broker, on: group.next(), logger: logger.part("groups"))
        let server = RPCServer(
            options: options(settings, report), services: services(broker, groups, store, metadata, report),
            group: group,
            logger: logger.part("listener"))
        report.attach(server)
        let bound = try await bind(server, settings.listener)
        do {
            let advertised = advertisedAddress(settings, bound)
            report.advertise(advertised)
            // One that waits for its cluster's store, perhaps for hours, can be told to stop.
            try await cancelWhenGracefulShutdown {
                try await broker.start(host: advertised.host, port: UInt16(advertised.port))
            }
            groups.begin()
            warnIfOpen(bound, logger)
            let watch = settings.cluster.isClustered && settings.metricsListener != nil ? StoreWatch(metadata) : nil
            if let watch { report.attach(watch) }
            let metrics = try await startMetrics(settings, report, group, logger)
            let readyFile = settings.readyFile.map(ReadyFile.init)
            try readyFile?.write(address: bound)
            logger.info(
                "serving",
                metadata: [
                    "address": "\(bound)", "advertised": "\(advertised)", "data": "\(settings.dataDirectory)",
                    "topics": "\(broker.status().topics)",
                ])
            return BrokerRun(
                address: bound, settings: settings, broker: broker, groups: groups, server: server, metrics: metrics,
                watch: watch, readyFile: readyFile, logger: logger)
        } catch {
            await server.shutdown(grace: .zero)
            await groups.stop()
            throw error
        }
    }

    /// Serves until it is told to stop. Why, when this broker must stop because another process has taken its place.
    func untilEnd() async -> BrokerError? {
        await cancelWhenGracefulShutdown { await broker.untilDisplaced() }
    }

    func stop() async {
        logger.info("stopping", metadata: ["grace": "\(settings.shutdownGrace)"])
        readyFile?.remove()
        // While the listener still serves: whoever takes a partition over, and its clients, need this broker until then.
        await broker.handOver()
        // Before the listener, because heartbeats that wait would be waited for.
        await groups.stop()
        await server.shutdown(grace: settings.shutdownGrace)
        await broker.stop()
        watch?.stop()
        await metrics?.stop()
    }

    // MARK: Parts

    private static func openStore(
        _ settings: ServerSettings, _ options: LogStoreOptions, _ logger: Logger
    ) async throws -> LogStore {
        var options = options
        options.logger = logger.part("storage")
        options.partitionsMax = settings.partitionsMax
        options.unsyncedBytesMax = settings.unsyncedBytesMax
        options.compactionMemoryBytes = settings.compactionMapBytes
        options.maintenanceInterval = settings.retentionCheckInterval
        options.scrubBytesPerSecond = settings.scrubBytesPerSecond
        do {
            return try LogStore(directory: settings.dataDirectory, options: options)
        } catch {
            throw SettingsError("\(error)")
        }
    }

    private static func openMetadata(
        _ settings: ServerSettings, _ openCluster: BrokerService.StoreOpener?, _ logger: Logger
    ) async throws -> any MetadataStore {
        if settings.cluster.isClustered {
            guard let openCluster else { throw SettingsError("etcd.endpoints: this program cannot reach an etcd") }
            let logger = logger.part("metadata")
            return try await cancelWhenGracefulShutdown { try await wait(for: openCluster, settings, logger) }
        }
        do {
            return try EmbeddedStore(directory: settings.dataDirectory + "/metadata", logger: logger.part("metadata"))
        } catch {
            throw SettingsError("\(error)")
        }
    }

    /// A cluster's store that is not up yet is waited for: nobody has to start things in an order.
    private static func wait(
        for openCluster: BrokerService.StoreOpener, _ settings: ServerSettings, _ logger: Logger
    ) async throws -> any MetadataStore {
        var wait = StoreWait(logger: logger)
        while true {
            do {
                return try await openCluster(settings, logger)
            } catch let error as MetadataError {
                try await wait.pause(after: error)
            }
        }
    }

    /// The id is asked for at each connection: the first start learns it from the metadata.
    private static func transport(
        _ settings: ServerSettings, _ store: LogStore, _ group: any EventLoopGroup
    ) -> RPCPeerTransport {
        RPCPeerTransport(group: group, brokerID: settings.brokerID) { store.identity.clusterID ?? "" }
    }

    private static func services(
        _ broker: Broker, _ groups: GroupCoordinator, _ store: LogStore, _ metadata: any MetadataStore,
        _ report: StatusReporter
    ) -> [ServiceTable] {
        [
            .records(
                RecordsAdapter(
                    broker: broker, gate: ProduceGate(pressure: store.backPressure),
                    partitionsPerRequestMax: Limits.partitionsPerRequest)),
            .topics(TopicsAdapter(broker: broker)),
            .groups(GroupsAdapter(coordinator: groups)),
            .cluster(ClusterAdapter { report.response() }),
            .operations(OperationsAdapter(broker: broker, metadata: metadata)),
            .replicas(ReplicasAdapter(broker: broker)),
        ]
    }

    private static func options(_ settings: ServerSettings, _ report: StatusReporter) -> RPCServerOptions {
        let budget = MemoryBudget(capacity: settings.requestMemoryBytes)
        let hint = settings.metricsListener.map { "Metrics are at http://\($0)/metrics." }
        var options = RPCServerOptions(
            budget: budget, metricsHint: hint ?? "Metrics are on a port of their own, once metrics.listener is set."
        ) { report.hello() }
        options.connectionsMax = settings.connectionsMax
        return options
    }

    private static func bind(_ server: RPCServer, _ listener: HostPort) async throws -> HostPort {
        do {
            let address = try await server.bind(host: listener.host, port: listener.port)
            return HostPort(host: listener.host, port: address.port ?? listener.port)
        } catch {
            let isTaken = (error as? IOError)?.errnoCode == EADDRINUSE
            throw SettingsError(
                "cannot listen on \(listener): \(NetworkReason.text(error)). "
                    + (isTaken ? "Is another broker running there? " : "It has to be an address of this machine. ")
                    + "--listen chooses another address")
        }
    }

    private static func advertisedAddress(_ settings: ServerSettings, _ bound: HostPort) -> HostPort {
        if var advertised = settings.advertised {
            if advertised.port == 0 { advertised.port = bound.port }
            return advertised
        }
        return bound.isWildcard ? HostPort(host: SystemLimits.hostName(), port: bound.port) : bound
    }

    private static func warnIfOpen(_ bound: HostPort, _ logger: Logger) {
        guard !bound.isLoopback else { return }
        logger.warning(
            "the listener is open: there is no authentication and no encryption, anyone who can reach this address can read, write and delete everything",
            metadata: ["address": "\(bound)"])
    }

    private static func startMetrics(
        _ settings: ServerSettings, _ report: StatusReporter, _ group: any EventLoopGroup, _ logger: Logger
    ) async throws -> MetricsServer? {
        guard let listener = settings.metricsListener else { return nil }
        do {
            let server = try await MetricsServer.start(on: listener, group: group) { report.metrics() }
            logger.info(
                "metrics", metadata: ["url": "http://\(listener.host):\(server.address.port ?? listener.port)/metrics"])
            return server
        } catch {
            throw SettingsError("cannot listen on \(listener) for metrics: \(NetworkReason.text(error))")
        }
    }
}

extension Logger {
    /// A logger for one part of the broker, writing where this one writes.
    fileprivate func part(_ name: String) -> Logger {
        var logger = Logger(label: name) { LineLogHandler(label: $0, level: logLevel) }
        logger.logLevel = logLevel
        return logger
    }
}
