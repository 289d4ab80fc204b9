internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// The whole process of `martlet broker`: logs on standard error, signals, one ``BrokerService``.
package enum BrokerProcess {
    /// Serves until SIGTERM or SIGINT, then stops cleanly. `openCluster` opens the metadata store of a broker in a cluster.
    ///
    /// - Parameter stopsOnHangUp: SIGHUP ends it, too, and as cleanly: its terminal was closed.
    package static func run(
        _ settings: ServerSettings, stopsOnHangUp: Bool, openCluster: @escaping BrokerService.StoreOpener
    ) async throws {
        SystemLimits.keepFreedMemory()
        LoggingSystem.bootstrap { LineLogHandler(label: $0, level: settings.logLevel) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: BrokerService(
                            settings: settings, logger: Logger(label: "martlet"), openCluster: openCluster))
                ],
                gracefulShutdownSignals: [.sigterm, .sigint] + (stopsOnHangUp ? [.sighup] : []),
                // What the group has to say of signals is for whoever debugs it.
                logger: Logger(label: "process") { LineLogHandler(label: $0, level: .warning) }
            ))
        try await group.run()
    }
}
