internal import ArgumentParser
internal import Martlet

struct ClusterConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show or change what holds cluster-wide where a topic has no setting of its own.",
        discussion:
            "A change holds on every broker at once, without a restart, and wins over what brokers were started with.")

    @Option(
        name: .long, help: ArgumentHelp("A setting, as retention.ms=3600000; may be repeated.", valueName: "name=value")
    )
    var set: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A setting that goes back to what brokers were started with; may be repeated.", valueName: "name"))
    var reset: [String] = []

    @Flag(name: .long, help: "Check only: change nothing.")
    var dryRun = false

    @Flag(name: .long, help: "Say what each setting means.")
    var explain = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        let changes = try set.assignments("--set")
        if dryRun, changes.isEmpty, reset.isEmpty { throw ValidationError("--dry-run: of what? Give --set or --reset") }
    }

    func run() async throws {
        let changes = try set.assignments("--set").dictionary
        let settings = try await client.withAdmin { admin in
            if !changes.isEmpty || !reset.isEmpty {
                try await admin.alterClusterSettings(set: changes, reset: reset, validateOnly: dryRun)
            }
            return try await admin.clusterSettings()
        }
        try StandardOutput.print(output.json ? Self.json(settings) : Self.text(settings, explained: explain))
        if dryRun, !output.json { try StandardOutput.print("\nThe change would be taken; nothing was changed.\n") }
    }

    static func json(_ settings: [SettingInfo]) -> String {
        var object = JSONObject()
        object.add("settings", texts: settings.map { ($0.name, $0.value) })
        object.add("overridden", objects: settings.filter { !$0.isDefault }) { object, setting in
            object.add("name", setting.name)
            object.add("value", setting.value)
        }
        return object.line()
    }

    static func text(_ settings: [SettingInfo], explained: Bool) -> String {
        var table = TextTable(
            [.left("SETTING"), .left("VALUE"), .left("FROM")] + (explained ? [.left("MEANING")] : []))
        for setting in settings {
            let cells = [setting.name, setting.value, setting.isDefault ? "broker" : "cluster"]
            table.add(explained ? cells + [setting.documentation] : cells)
        }
        return table.text
    }
}
