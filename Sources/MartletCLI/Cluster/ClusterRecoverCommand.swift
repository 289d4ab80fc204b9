import ArgumentParser
import Foundation
import MartletBroker
import MartletCLIKit
import MartletMetadata

/// `martlet cluster recover`: takes up a metadata store that was restored from a backup.
struct ClusterRecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Take up a metadata store that was restored from a backup.",
        discussion: """
            With every broker stopped: `report` on each broker's host writes what its data directory knows; `apply` once, with all \
            reports, raises every leader epoch above them; `accept` on each host lets the broker start with the store. Each may be \
            run again.
            """,
        subcommands: [RecoverReportCommand.self, RecoverApplyCommand.self, RecoverAcceptCommand.self])
}

struct RecoverReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write what a data directory knows into a file. Changes nothing.")

    @Option(name: .long, help: ArgumentHelp("The broker's data directory.", valueName: "directory"))
    var data: String

    @Argument(help: "The file to write.")
    var file: String

    func run() async throws {
        do {
            let report = try ClusterRecovery.report(directory: data)
            try Data(report.bytes).write(to: URL(filePath: file))
        } catch let error as BrokerError {
            throw CommandFailure.failed(error.message)
        } catch {
            throw CommandFailure.failed("\(file) cannot be written: \(error.localizedDescription)")
        }
    }
}

struct RecoverApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Raise every leader epoch in the store above all reports.",
        discussion: "Takes a report of every broker that the store knows, or its number after --lost.")

    @Argument(help: "What `report` wrote, of each broker.")
    var reports: [String]

    @Option(name: .long, help: ArgumentHelp("A broker whose disk is gone; may be repeated.", valueName: "broker"))
    var lost: [Int32] = []

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var read: [DirectoryReport] = []
        for path in reports {
            let data: Data
            do {
                data = try Data(contentsOf: URL(filePath: path))
            } catch {
                throw CommandFailure.failed("the report \(path) cannot be read: \(error.localizedDescription)")
            }
            do {
                read.append(try DirectoryReport(bytes: Array(data)))
            } catch {
                throw CommandFailure.failed("\(path) is no report of `martlet cluster recover report`: \(error)")
            }
        }
        let summary = try await store.withStore { [read] etcd in
            try await ClusterRecovery.recover(etcd, reports: read, lost: Set(lost))
        }
        if output.json {
            var object = JSONObject()
            object.add("brokers", summary.brokers)
            object.add("partitions", summary.partitions)
            object.add("findings", objects: summary.findings) { $0.add("finding", $1) }
            return try StandardOutput.print(object.line())
        }
        try StandardOutput.print(summary.findings.map { $0 + "\n" }.joined())
        try StandardOutput.print(
            "Recovered \(HumanText.plural(summary.partitions, "partition")) of \(HumanText.plural(summary.brokers, "broker")). "
                + "Run `martlet cluster recover accept` on each broker's host, then start the brokers.\n")
    }
}

struct RecoverAcceptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Let the broker on a data directory start with the recovered store.")

    @Option(name: .long, help: ArgumentHelp("The broker's data directory.", valueName: "directory"))
    var data: String

    @OptionGroup var store: StoreOptions

    func run() async throws {
        try await store.withStore { try await ClusterRecovery.accept(directory: data, store: $0) }
    }
}
