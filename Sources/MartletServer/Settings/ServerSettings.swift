package import Logging

/// What one run of the broker process is told: every setting of ``SettingsTable``, parsed and within its bounds.
package struct ServerSettings: Sendable {
    package var dataDirectory: String
    package var listener: HostPort
    /// What clients are told to dial.
    package var advertised: HostPort?
    package var brokerID: Int32
    /// Where the broker stands, for placing replicas. May be empty.
    package var rack: String
    package var cluster: ClusterSettings
    package var metricsListener: HostPort?
    package var readyFile: String?
    package var logLevel: Logger.Level
    /// Nil: one per processor.
    package var networkThreads: Int?
    package var autoCreateTopics: Bool
    package var defaultPartitions: Int32
    package var shutdownGrace: Duration

    package var requestMemoryBytes: Int
    package var connectionsMax: Int
    package var partitionsMax: Int
    package var unsyncedBytesMax: Int
    package var compactionMapBytes: Int
    package var retentionCheckInterval: Duration
    /// 0: the scrub is off.
    package var scrubBytesPerSecond: Int
    package var producerExpiration: Duration
    package var offsetsPartitions: Int32
    package var offsetsRetentionMinutes: Int
    package var groupsMax: Int

    /// Topic settings that topics get when they do not set them: topic setting name to text, checked by the broker.
    package var topicDefaults: [String: String]

    /// Reads and checks every setting. The first that cannot be used is told by name, value and place.
    package init(reader: SettingsReader) throws(SettingsError) {
        let values = SettingValues(reader: reader)
        dataDirectory = try values.text("log.dir")
        listener = try values.address("listeners")
        advertised = try values.optionalAddress("advertised.listeners")
        brokerID = Int32(try values.integer("broker.id"))
        rack = try values.optionalText("broker.rack") ?? ""
        cluster = try ClusterSettings(values)
        metricsListener = try values.optionalAddress("metrics.listener")
        readyFile = try reader.text("ready.file")
        logLevel = Logger.Level(rawValue: try values.text("log.level")) ?? .info
        networkThreads = try values.optionalInteger("num.network.threads")
        autoCreateTopics = try values.text("auto.create.topics.enable") == "true"
        defaultPartitions = Int32(try values.integer("num.partitions"))
        shutdownGrace = try values.milliseconds("shutdown.grace.ms")
        requestMemoryBytes = try values.integer("queued.max.request.bytes")
        connectionsMax = try values.integer("max.connections")
        partitionsMax = try values.integer("max.partitions")
        unsyncedBytesMax = try values.integer("log.unsynced.bytes.max")
        compactionMapBytes = try values.integer("log.cleaner.dedupe.buffer.size")
        retentionCheckInterval = try values.milliseconds("log.retention.check.interval.ms")
        scrubBytesPerSecond = try values.integer("log.scrub.bytes.per.second")
        producerExpiration = try values.milliseconds("producer.id.expiration.ms")
        offsetsPartitions = Int32(try values.integer("offsets.topic.num.partitions"))
        offsetsRetentionMinutes = try values.integer("offsets.retention.minutes")
        groupsMax = try values.integer("max.groups")
        topicDefaults = [:]
        for setting in SettingsTable.all {
            guard case .topicDefault(let name) = setting.kind else { continue }
            topicDefaults[name] = try reader.text(setting.name)
        }
    }
}

/// Typed reading of settings that the table has checked already.
struct SettingValues {
    let reader: SettingsReader

    func text(_ name: String) throws(SettingsError) -> String {
        guard let text = try reader.text(name) else { throw SettingsError("\(name) is not set") }
        return text
    }

    /// Empty text is as good as none.
    func optionalText(_ name: String) throws(SettingsError) -> String? {
        try reader.text(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    func optionalInteger(_ name: String) throws(SettingsError) -> Int? {
        guard let text = try reader.text(name) else { return nil }
        return Int(text)
    }

    func integer(_ name: String) throws(SettingsError) -> Int {
        guard let value = try optionalInteger(name) else { throw SettingsError("\(name) is not set") }
        return value
    }

    func milliseconds(_ name: String) throws(SettingsError) -> Duration {
        .milliseconds(try integer(name))
    }

    func optionalAddress(_ name: String) throws(SettingsError) -> HostPort? {
        guard let text = try reader.text(name) else { return nil }
        return HostPort(text)
    }

    func address(_ name: String) throws(SettingsError) -> HostPort {
        guard let address = try optionalAddress(name) else { throw SettingsError("\(name) is not set") }
        return address
    }
}
