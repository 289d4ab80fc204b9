import MartletServer
import Testing

@Suite("Settings of the process")
struct SettingsTests {
    private func read(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) async throws -> ServerSettings {
        try await withTemporaryFile(file) { path in
            try ServerSettings(reader: await SettingsReader(flags: flags, environment: environment, file: path))
        }
    }

    @Test("nothing set gives the documented defaults")
    func defaults() async throws {
        let settings = try await read()
        #expect(settings.dataDirectory == "./martlet-data")
        #expect(settings.listener == HostPort(host: "127.0.0.1", port: 7400))
        #expect(settings.metricsListener == nil)
        #expect(settings.autoCreateTopics == false)
        #expect(settings.topicDefaults.isEmpty)
    }

    @Test("a flag wins over the environment, the environment over the file")
    func precedence() async throws {
        let file = "num.partitions = 2\nlog.retention.ms = 5000\nbroker.id = 7\n"
        let environment = ["MARTLET_NUM_PARTITIONS": "3", "MARTLET_LOG_RETENTION_MS": "6000"]
        let settings = try await read(flags: ["num.partitions": "4"], environment: environment, file: file)
        #expect(settings.defaultPartitions == 4)
        #expect(settings.topicDefaults == ["retention.ms": "6000"])
        #expect(settings.brokerID == 7)
    }

    @Test("a value that cannot be used is named with its place and what is accepted")
    func badValue() async throws {
        await #expect {
            try await read(environment: ["MARTLET_NUM_PARTITIONS": "many"])
        } throws: { error in
            let text = String(describing: error)
            return text.contains("num.partitions") && text.contains("\"many\"")
                && text.contains("MARTLET_NUM_PARTITIONS") && text.contains("from 1 to 10000")
        }
    }

    @Test("a topic default that cannot be used is told by the name and the place it was set under, too")
    func badTopicDefault() async throws {
        await #expect(
            throws: SettingsError(
                "log.retention.ms cannot be \"soon\" (set by the environment variable MARTLET_LOG_RETENTION_MS): it "
                    + "takes a number of milliseconds, 0 or more; -1: never")
        ) {
            try await read(environment: ["MARTLET_LOG_RETENTION_MS": "soon"])
        }
    }

    @Test("a misspelt name is refused with the nearest one, on the command line and in the file")
    func misspelt() async throws {
        await #expect(throws: SettingsError("there is no setting called num.partition; did you mean num.partitions?")) {
            try await read(flags: ["num.partition": "1"])
        }
        await #expect {
            try await read(file: "# fine\n\nlog.retension.ms = 1\n")
        } throws: {
            "\($0)".contains("line 3: there is no setting called log.retension.ms; did you mean log.retention.ms?")
        }
    }

    @Test(
        "a file that is not name = value lines is refused with the line",
        arguments: ["just words\n": "line 1", "broker.id = 1\nbroker.id = 2\n": "line 2 sets broker.id a second time"])
    func badFile(content: String, expected: String) async throws {
        await #expect { try await read(file: content) } throws: { "\($0)".contains(expected) }
    }

    @Test("a missing file is refused by name")
    func missingFile() async throws {
        await #expect {
            try await SettingsReader(flags: [:], environment: [:], file: "/nonexistent/martlet.properties")
        } throws: { "\($0)".contains("/nonexistent/martlet.properties") }
    }

    @Test("a directory in a file's place is refused in the system's words")
    func directory() async throws {
        await #expect(throws: SettingsError("the settings file /tmp cannot be read: Is a directory")) {
            try await SettingsReader(flags: [:], environment: [:], file: "/tmp")
        }
    }

    @Test("every default in the table is one that its setting takes")
    func tableIsConsistent() {
        for setting in SettingsTable.all {
            if let value = setting.defaultValue { #expect(setting.accepts(value), "\(setting.name)") }
        }
        #expect(Set(SettingsTable.all.map(\.name)).count == SettingsTable.all.count)
    }

    @Test(
        "addresses are host and port, IPv6 in brackets",
        arguments: [
            ("127.0.0.1:7400", "127.0.0.1"), ("[::1]:1", "::1"), ("broker-1:0", "broker-1"),
        ] as [(String, String)])
    func addresses(text: String, host: String) throws {
        let address = try #require(HostPort(text))
        #expect(address.host == host)
        #expect(address.description == text)
    }

    @Test(
        "what is not an address is refused",
        arguments: ["", "7400", ":7400", "host:", "host:65536", "host:-1", "::1:80", "a b:1"])
    func badAddresses(text: String) {
        #expect(HostPort(text) == nil)
    }
}
