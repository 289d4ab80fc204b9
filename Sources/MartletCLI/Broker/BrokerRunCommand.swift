import ArgumentParser
import Foundation
import MartletCLIKit
import MartletServer

/// `martlet broker`: runs a broker in this process until SIGTERM or SIGINT.
struct BrokerRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a broker in this process until it is told to stop (SIGTERM, Ctrl-C, or a closed terminal).",
        discussion: """
            Every setting can be given by flag, as an environment variable (MARTLET_LOG_RETENTION_MS for log.retention.ms) or in \
            a file of "name = value" lines; flags win over the environment, the environment over the file. \
            `martlet broker run --settings` lists them.
            """
    )

    @Option(name: .long, help: "The data directory; one broker owns it. (default: ./martlet-data)")
    var data: String?

    @Option(
        name: .long, help: "HOST:PORT where clients connect; port 0 lets the system choose. (default: 127.0.0.1:7400)")
    var listen: String?

    @Option(name: .long, help: "HOST:PORT that clients are told to dial, when it differs from --listen.")
    var advertise: String?

    @Option(name: .long, help: "HOST:PORT where Prometheus reads /metrics.")
    var metrics: String?

    @Option(name: .long, help: "A file that appears, with the listener's address in it, once the broker serves.")
    var readyFile: String?

    @Option(name: .long, help: "This broker's number in its cluster. (default: 0)")
    var id: Int?

    @Option(
        name: .long, help: "Servers of etcd, as URL[,URL]: the broker joins a cluster. (default: a broker by itself)")
    var etcd: String?

    @Option(name: .long, help: "The name of that cluster in etcd. (default: martlet)")
    var cluster: String?

    @Option(name: .long, help: "Where the broker stands: replicas are spread over racks.")
    var rack: String?

    @Option(name: .long, help: "trace, debug, info, notice, warning or error. (default: info)")
    var logLevel: String?

    @Option(name: .long, help: "A settings file.")
    var config: String?

    @Option(name: .customLong("set"), help: "Any setting, as name=value; may be repeated.")
    var set: [String] = []

    @Flag(name: .long, help: "List every setting with its default, and exit.")
    var settings = false

    func validate() throws { _ = try flags() }

    func run() async throws {
        if settings { return printSettings() }
        let reader = try await SettingsReader(
            flags: try flags(), environment: ProcessInfo.processInfo.environment, file: config)
        try await BrokerProcess.run(
            try ServerSettings(reader: reader), stopsOnHangUp: !HangUp.isIgnored, openCluster: EtcdOpener.open)
    }

    private func flags() throws -> [String: String] {
        var flags: [String: String] = [:]
        for text in set {
            guard let assignment = Assignment(text) else {
                throw ValidationError("--set: '\(text)' is not an assignment: write name=value")
            }
            flags[assignment.name] = assignment.value
        }
        flags["log.dir"] = data ?? flags["log.dir"]
        flags["listeners"] = listen ?? flags["listeners"]
        flags["advertised.listeners"] = advertise ?? flags["advertised.listeners"]
        flags["metrics.listener"] = metrics ?? flags["metrics.listener"]
        flags["ready.file"] = readyFile ?? flags["ready.file"]
        flags["broker.id"] = id.map(String.init) ?? flags["broker.id"]
        flags["etcd.endpoints"] = etcd ?? flags["etcd.endpoints"]
        flags["cluster.name"] = cluster ?? flags["cluster.name"]
        flags["broker.rack"] = rack ?? flags["broker.rack"]
        flags["log.level"] = logLevel ?? flags["log.level"]
        return flags
    }

    private func printSettings() {
        for setting in SettingsTable.all {
            print("\(setting.name)\n    \(setting.documentation)")
            print(
                "    takes \(setting.accepted); default: \(setting.defaultValue ?? "none"); \(setting.environmentName)")
        }
    }
}
