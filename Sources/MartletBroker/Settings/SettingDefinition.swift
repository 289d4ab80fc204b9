internal import MartletCore
internal import MartletStorage

/// One topic setting: its name, what it means, what it takes, and where it goes.
package struct SettingDefinition: Sendable {
    package let name: String
    package let documentation: String
    /// For messages: "a number of milliseconds, 0 or more; -1: never".
    package let accepted: String
    package let defaultValue: String
    /// Puts a value into the settings; false when it is not one that is accepted.
    let apply: @Sendable (_ value: String, _ settings: inout TopicSettings) -> Bool

    static func named(_ name: String) -> SettingDefinition? {
        byName[name]
    }

    /// The value where nobody set one, for a topic with so many replicas a partition.
    func builtIn(replicas: Int) -> String {
        name == TopicSettings.minInSyncReplicasName
            ? String(TopicSettings.minInSyncReplicasDefault(replicas: replicas)) : defaultValue
    }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// In the order in which people read them.
    package static let all: [SettingDefinition] = [
        SettingDefinition(
            name: "cleanup.policy",
            documentation: "What becomes of old data: 'delete' removes segments by age and size, 'compact' keeps the "
                + "newest record of each key.",
            accepted: "'delete', 'compact' or 'compact,delete'", defaultValue: "delete", apply: applyCleanup),
        choice(
            "compression.type",
            "The codec of batches at rest: as producers sent them, or rebuilt by the broker.",
            ["producer": TopicCompression.producer, "none": .none, "uncompressed": .none, "lz4": .lz4],
            defaultValue: "producer"
        ) { $0.log.compression = $1 },
        milliseconds(
            "retention.ms", "Segments whose newest record is older than this are removed.", defaultValue: 604_800_000,
            orNever: true
        ) { $0.log.retentionAge = $1 },
        SettingDefinition(
            name: "retention.bytes",
            documentation: "The oldest segments of a partition are removed while the rest holds at least this much.",
            accepted: "a number of bytes, 0 or more; -1: no limit", defaultValue: "-1"
        ) { value, settings in
            guard let bytes = Int64(value), bytes >= -1 else { return false }
            settings.log.retentionBytes = bytes == -1 ? nil : bytes
            return true
        },
        bytes(
            "segment.bytes",
            "A segment is rolled before it grows past this. No batch is larger, whatever max.message.bytes says.",
            4_096...1 << 30, defaultValue: 1 << 30
        ) { $0.log.segmentBytes = $1 },
        milliseconds(
            "segment.ms", "A segment is rolled this long after its first record.", defaultValue: 604_800_000, from: 1
        ) { settings, age in if let age { settings.log.segmentAge = age } },
        bytes(
            "max.message.bytes", "The largest batch that is taken, as it is stored, header included.",
            BatchHeader.byteCount...Limits.maxMessageBytesCeiling, defaultValue: Limits.maxMessageBytes
        ) { $0.log.maxMessageBytes = $1 },
        SettingDefinition(
            name: "flush",
            documentation: "When a record counts as kept: 'batch': once synced, batches sharing syncs; "
                + "'interval:MS': at once, synced at the latest after so many milliseconds; 'os': at once, synced when "
                + "the system does.",
            accepted: "'batch', 'os' or 'interval:' and a number of milliseconds, 1 or more", defaultValue: "batch",
            apply: applyFlush),
        SettingDefinition(
            name: TopicSettings.minInSyncReplicasName,
            documentation: "With acks=all a write is refused while fewer replicas than this are in sync. Where nobody "
                + "set it: 2 with three replicas or more, else 1.",
            accepted: "a number, 1 or more and at most the replication factor", defaultValue: "1"
        ) { value, settings in
            guard let count = Int32(value), count >= 1 else { return false }
            settings.minInSyncReplicas = Int(count)
            return true
        },
        choice(
            TopicSettings.uncleanElectionName,
            "With 'true' a replica that may lack acknowledged records leads when none that has them all is left.",
            ["true": true, "false": false], defaultValue: "false"
        ) { $0.allowsUncleanElection = $1 },
        choice(
            "message.timestamp.type", "Whose clock records carry: the producer's or the broker's.",
            ["CreateTime": TimestampType.createTime, "LogAppendTime": .logAppendTime], defaultValue: "CreateTime"
        ) { $0.log.timestampType = $1 },
        milliseconds(
            "message.timestamp.after.max.ms", "Records with a create time further in the future are refused.",
            defaultValue: 3_600_000
        ) { settings, age in if let age { settings.log.timestampAheadMax = age } },
        milliseconds(
            "delete.retention.ms", "How long a tombstone outlives the compaction that first saw it.",
            defaultValue: 86_400_000
        ) { settings, age in if let age { settings.log.deleteRetention = age } },
        SettingDefinition(
            name: "min.cleanable.dirty.ratio",
            documentation: "Compaction begins when this share of a log's sealed bytes was not compacted yet.",
            accepted: "a number from 0 to 1", defaultValue: "0.5"
        ) { value, settings in
            guard let ratio = Double(value), (0...1).contains(ratio) else { return false }
            settings.log.minCleanableDirtyRatio = ratio
            return true
        },
        milliseconds(
            "min.compaction.lag.ms", "Segments with records younger than this are not compacted.", defaultValue: 0
        ) { settings, age in if let age { settings.log.minCompactionLag = age } },
    ]
}

// How values are read. Each returns false for what is not accepted.
extension SettingDefinition {
    private static func milliseconds(
        _ name: String, _ documentation: String, defaultValue: Int64, from lowest: Int64 = 0, orNever: Bool = false,
        _ set: @escaping @Sendable (inout TopicSettings, Duration?) -> Void
    ) -> SettingDefinition {
        SettingDefinition(
            name: name, documentation: documentation,
            accepted: "a number of milliseconds, \(lowest) or more" + (orNever ? "; -1: never" : ""),
            defaultValue: String(defaultValue)
        ) { value, settings in
            guard let number = Int64(value) else { return false }
            if orNever, number == -1 {
                set(&settings, nil)
                return true
            }
            guard number >= lowest else { return false }
            set(&settings, .milliseconds(number))
            return true
        }
    }

    private static func bytes(
        _ name: String, _ documentation: String, _ range: ClosedRange<Int>, defaultValue: Int,
        _ set: @escaping @Sendable (inout TopicSettings, Int) -> Void
    ) -> SettingDefinition {
        SettingDefinition(
            name: name, documentation: documentation,
            accepted: "a number of bytes from \(range.lowerBound) to \(range.upperBound)",
            defaultValue: String(defaultValue)
        ) { value, settings in
            guard let number = Int(value), range.contains(number) else { return false }
            set(&settings, number)
            return true
        }
    }

    private static func choice<Value: Sendable>(
        _ name: String, _ documentation: String, _ choices: [String: Value], defaultValue: String,
        _ set: @escaping @Sendable (inout TopicSettings, Value) -> Void
    ) -> SettingDefinition {
        SettingDefinition(
            name: name, documentation: documentation,
            accepted: "one of " + choices.keys.sorted().map { "'\($0)'" }.joined(separator: ", "),
            defaultValue: defaultValue
        ) { value, settings in
            guard let choice = choices[value] else { return false }
            set(&settings, choice)
            return true
        }
    }

    @Sendable private static func applyCleanup(_ value: String, _ settings: inout TopicSettings) -> Bool {
        var policy: CleanupPolicy = []
        for word in value.split(separator: ",", omittingEmptySubsequences: false) {
            switch word.drop(while: { $0 == " " }) {
            case "delete": policy.insert(.delete)
            case "compact": policy.insert(.compact)
            default: return false
            }
        }
        settings.log.cleanup = policy
        return true
    }

    @Sendable private static func applyFlush(_ value: String, _ settings: inout TopicSettings) -> Bool {
        switch value {
        case "batch":
            settings.log.flush = .batch
        case "os":
            settings.log.flush = .os
        default:
            // A day is more than any reason to wait.
            guard value.hasPrefix("interval:"), let interval = Int64(value.dropFirst("interval:".count)),
                (1...86_400_000).contains(interval)
            else { return false }
            settings.log.flush = .interval(.milliseconds(interval))
        }
        return true
    }
}
