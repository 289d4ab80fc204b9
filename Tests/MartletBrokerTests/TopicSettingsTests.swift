import MartletCore
import MartletStorage
import Testing

@testable import MartletBroker

@Suite("Topic settings")
struct TopicSettingsTests {
    private func parse(_ own: [String: String], defaults: [String: String] = [:]) throws -> TopicSettings {
        try TopicSettings(own, defaults: defaults, producerExpiration: .seconds(86_400))
    }

    @Test("without any setting the defaults are those that the design names")
    func defaults() throws {
        #expect(try parse([:]).log == LogSettings())
        #expect(try parse([:]).minInSyncReplicas == 1)
    }

    @Test("every setting's own default is a value that it takes, and has a documentation")
    func table() throws {
        for definition in SettingDefinition.all {
            var settings = try parse([:])
            #expect(definition.apply(definition.defaultValue, &settings), "\(definition.name)")
            #expect(settings == (try parse([:])), "\(definition.name)")
            #expect(definition.documentation.count > 20)
        }
    }

    @Test(
        "values are taken",
        arguments: [
            ("cleanup.policy", "compact"), ("cleanup.policy", "compact,delete"), ("cleanup.policy", "delete, compact"),
            ("compression.type", "lz4"), ("compression.type", "none"), ("compression.type", "uncompressed"),
            ("retention.ms", "-1"), ("retention.ms", "0"), ("retention.ms", "9223372036854775807"),
            ("retention.bytes", "-1"), ("retention.bytes", "1"), ("segment.bytes", "4096"),
            ("segment.bytes", "1073741824"), ("segment.ms", "1"), ("max.message.bytes", "61"), ("flush", "os"),
            ("flush", "interval:1"), ("flush", "batch"), ("min.insync.replicas", "3"),
            ("message.timestamp.type", "LogAppendTime"), ("message.timestamp.after.max.ms", "0"),
            ("delete.retention.ms", "0"), ("min.cleanable.dirty.ratio", "0"), ("min.cleanable.dirty.ratio", "1"),
            ("min.compaction.lag.ms", "5"),
        ])
    func accepted(name: String, value: String) throws {
        _ = try parse([name: value])
    }

    @Test(
        "other values are refused with the setting, the value and what it takes",
        arguments: [
            ("cleanup.policy", ""), ("cleanup.policy", "compact,"), ("cleanup.policy", "shred"),
            ("compression.type", "gzip"), ("compression.type", "LZ4"), ("retention.ms", "-2"), ("retention.ms", "7d"),
            ("retention.bytes", "-2"), ("retention.bytes", "1e9"), ("segment.bytes", "4095"),
            ("segment.bytes", "1073741825"), ("segment.ms", "0"), ("segment.ms", "-1"), ("max.message.bytes", "60"),
            ("max.message.bytes", "16777217"), ("flush", "interval:0"), ("flush", "interval:"), ("flush", "always"),
            ("flush", "interval:99999999999"), ("min.insync.replicas", "0"), ("message.timestamp.type", "createtime"),
            ("min.cleanable.dirty.ratio", "1.1"), ("min.cleanable.dirty.ratio", "nan"),
            ("min.compaction.lag.ms", "-1"), ("delete.retention.ms", "9223372036854775808"),
        ])
    func refused(name: String, value: String) throws {
        let error = #expect(throws: BrokerError.self) { try parse([name: value]) }
        #expect(error?.code == .invalidConfig)
        #expect(error?.message.contains(name) == true)
        #expect(error?.message.contains("'\(value)'") == true)
        #expect(error?.message.contains("takes") == true)
    }

    @Test("a setting that does not exist is refused, among defaults too, and the message names those that do")
    func unknown() throws {
        for (own, defaults) in [(["retention.hours": "1"], [:]), ([:], ["retention.hours": "1"])] {
            let error = #expect(throws: BrokerError.self) { try parse(own, defaults: defaults) }
            #expect(error?.message.contains("retention.hours") == true)
            #expect(error?.message.contains("retention.ms") == true)
        }
    }

    @Test("a topic's own value goes before the default, and the default before the built-in one")
    func precedence() throws {
        let defaults = ["segment.ms": "2000", "retention.ms": "3000"]
        let settings = try parse(["segment.ms": "1000"], defaults: defaults)
        #expect(settings.log.segmentAge == .milliseconds(1_000))
        #expect(settings.log.retentionAge == .milliseconds(3_000))
        let described = TopicSettings.describe(["segment.ms": "1000"], defaults: defaults)
        #expect(described.first { $0.name == "segment.ms" }?.isDefault == false)
        #expect(described.first { $0.name == "retention.ms" }?.value == "3000")
        #expect(described.first { $0.name == "flush" }?.value == "batch")
    }

    @Test("a batch has to fit into a segment")
    func batchFitsSegment() throws {
        #expect(try parse(["segment.bytes": "8192"]).log.maxMessageBytes == 8_192)
    }

    @Test("settings of a broker that cannot work are refused with their name")
    func brokerSettings() throws {
        let wrong: [(String, (inout BrokerSettings) -> Void)] = [
            ("broker.id", { $0.brokerID = -1 }), ("num.partitions", { $0.partitionsDefault = 0 }),
            ("default.replication.factor", { $0.replicationFactorDefault = 0 }),
            ("partitions.max", { $0.partitionsMax = 0 }),
            ("retention.ms", { $0.topicDefaults = ["retention.ms": "x"] }),
        ]
        for (name, change) in wrong {
            var settings = BrokerSettings()
            try settings.check()
            change(&settings)
            let error = #expect(throws: BrokerError.self) { try settings.check() }
            #expect(error?.message.contains(name) == true)
        }
    }
}
