/// Every setting of the broker process, in the order in which people read them. Names are Kafka's where Kafka has one.
package enum SettingsTable {
    private static let mebibyte: Int64 = 1 << 20

    package static let all: [Setting] = process + limits + cluster + topicDefaults

    private static let process: [Setting] = [
        Setting("log.dir", .text, default: "./martlet-data", "The data directory; one broker owns it. Flag: --data."),
        Setting("listeners", .hostPort, default: "127.0.0.1:7400", "Where clients connect. Flag: --listen."),
        Setting(
            "advertised.listeners", .hostPort, default: nil,
            "What clients are told to dial; by default the listener's own address. Flag: --advertise."),
        Setting("broker.id", .integer(0...999_999), default: "0", "This broker's number in its cluster. Flag: --id."),
        Setting(
            "metrics.listener", .hostPort, default: nil,
            "Where Prometheus reads /metrics over HTTP; not set: nowhere. Flag: --metrics."),
        Setting(
            "ready.file", .text, default: nil,
            "A file that is written with the listener's address once the broker serves, and removed when it stops. Flag: --ready-file."
        ),
        Setting(
            "log.level", .choice(["trace", "debug", "info", "notice", "warning", "error"]), default: "info",
            "What is logged, on standard error. Flag: --log-level."),
        Setting(
            "num.network.threads", .integer(1...256), default: nil,
            "Event loops that serve connections; by default one per processor."),
        Setting("auto.create.topics.enable", .flag, default: "false", "Does producing to an unknown topic create it?"),
        Setting(
            "num.partitions", .integer(1...10_000), default: "1", "Partitions of a topic created without a number."),
        Setting(
            "shutdown.grace.ms", .integer(0...600_000), default: "10000",
            "How long a clean stop waits for calls in flight."),
    ]

    private static let limits: [Setting] = [
        Setting(
            "queued.max.request.bytes", .integer(32 * mebibyte...(1 << 40)), default: "\(128 * mebibyte)",
            "Memory for requests being received or answered, over all connections; past it connections are not read."),
        Setting("max.connections", .integer(1...1_000_000), default: "20000", "Connections open at once."),
        Setting(
            "max.partitions", .integer(1...1_000_000), default: "20000",
            "Partitions on this broker; creating more is refused."),
        Setting(
            "log.unsynced.bytes.max", .integer(mebibyte...(1 << 40)), default: "\(256 * mebibyte)",
            "Bytes appended but not yet synced, over all partitions with flush=batch; past it producers wait."),
        Setting(
            "log.cleaner.dedupe.buffer.size", .integer(mebibyte...(1 << 36)), default: "\(64 * mebibyte)",
            "Memory for the key map of a compaction."),
        Setting(
            "log.retention.check.interval.ms", .integer(100...86_400_000), default: "30000",
            "How often retention and compaction look for work."),
        Setting(
            "log.scrub.bytes.per.second", .integer(0...(1 << 40)), default: "\(16 * mebibyte)",
            "How fast data at rest is read and its checksums verified in the background; 0: never."),
        Setting(
            "producer.id.expiration.ms", .integer(1_000...Int64.max), default: "86400000",
            "An idempotent producer that was silent this long is forgotten."),
        Setting(
            "offsets.topic.num.partitions", .integer(1...10_000), default: "50",
            "Partitions of __consumer_offsets, when the first group makes it; fixed from then on."),
        Setting(
            "offsets.retention.minutes", .integer(1...525_600_000), default: "10080",
            "How long the offsets of a group without members are kept."),
        Setting(
            "max.groups", .integer(1...1_000_000), default: "20000",
            "Consumer groups that this broker coordinates; new ones past it are refused."),
    ]

    private static let cluster: [Setting] = [
        Setting(
            "etcd.endpoints", .text, default: nil,
            "Servers of the etcd that keeps the cluster's metadata, as http://HOST:PORT with commas between; not set: one broker by itself. Flag: --etcd."
        ),
        Setting(
            "cluster.name", .text, default: "martlet",
            "The cluster's name, for clusters that share an etcd. Flag: --cluster."),
        Setting(
            "broker.rack", .text, default: nil,
            "Where the broker stands; replicas of a partition are spread over racks. Flag: --rack."),
        Setting(
            "replica.selector", .choice(["leader", "rack"]), default: "leader",
            "Where consumers read that say where they are: at the leader, or at an in-sync replica in their own rack. The same on all brokers."
        ),
        Setting("etcd.user", .text, default: nil, "A user of etcd's own, when it wants one."),
        Setting("etcd.password", .text, default: nil, "That user's password."),
        Setting("etcd.password.file", .text, default: nil, "A file that holds the password, instead of it."),
        Setting(
            "etcd.tls.ca.file", .text, default: nil,
            "Certificates (PEM) that etcd's are checked with; by default those of the system."),
        Setting(
            "etcd.tls.cert.file", .text, default: nil, "This broker's certificate (PEM), for an etcd that wants one."),
        Setting("etcd.tls.key.file", .text, default: nil, "The key (PEM) of that certificate."),
        Setting(
            "broker.session.timeout.ms", .integer(2_000...60_000), default: "6000",
            "A broker that was silent towards etcd this long counts as dead. Whole seconds."),
        Setting(
            "replica.lag.time.max.ms", .integer(100...3_600_000), default: "10000",
            "A replica that has not had everything for this long is no longer in sync."),
        Setting(
            "default.replication.factor", .integer(1...1_000), default: nil,
            "Copies of each partition of a topic created without a number; by default 3 in a cluster of three brokers or more, else as many as there are brokers."
        ),
        Setting(
            "leader.imbalance.delay.ms", .integer(0...3_600_000), default: "5000",
            "How long a preferred replica is in sync before it leads again."),
        Setting(
            "leader.imbalance.moves.per.second", .integer(1...100_000), default: "50",
            "How many partitions at most go back to their preferred leaders in a second."),
        Setting(
            "controlled.shutdown.max.ms", .integer(0...3_600_000), default: "30000",
            "How long a broker that is told to stop waits for others to take its partitions over."),
        Setting(
            "replication.throttle.bytes.per.second", .integer(0...(1 << 40)), default: "0",
            "What this broker takes at most for replicas that are not in sync (yet); 0: as much as it can."),
        Setting(
            "replication.catch.up.share.percent", .integer(1...100), default: "25",
            "While clients produce or consume, the share of the time that copying for replicas that are behind takes. More where what is produced asks for it, so that they come in sync under any load. 100: all of it."
        ),
    ]

    private static let topicDefaults: [Setting] = [
        topicDefault("log.cleanup.policy", "cleanup.policy"),
        topicDefault("log.retention.ms", "retention.ms"),
        topicDefault("log.retention.bytes", "retention.bytes"),
        topicDefault("log.segment.bytes", "segment.bytes"),
        topicDefault("log.roll.ms", "segment.ms"),
        topicDefault("log.flush", "flush"),
        topicDefault("message.max.bytes", "max.message.bytes"),
        topicDefault("compression.type", "compression.type"),
        topicDefault("min.insync.replicas", "min.insync.replicas"),
        topicDefault("unclean.leader.election.enable", "unclean.leader.election.enable"),
        topicDefault("log.message.timestamp.type", "message.timestamp.type"),
        topicDefault("log.message.timestamp.after.max.ms", "message.timestamp.after.max.ms"),
        topicDefault("log.cleaner.delete.retention.ms", "delete.retention.ms"),
        topicDefault("log.cleaner.min.cleanable.ratio", "min.cleanable.dirty.ratio"),
        topicDefault("log.cleaner.min.compaction.lag.ms", "min.compaction.lag.ms"),
    ]

    private static func topicDefault(_ name: String, _ topicSetting: String) -> Setting {
        Setting(
            name, .topicDefault(name: topicSetting), default: nil,
            "What \(topicSetting) is for topics that do not set it.")
    }

    package static func named(_ name: String) -> Setting? {
        all.first { $0.name == name }
    }
}

extension SettingsTable {
    /// The error for a name that no setting has, with the nearest one that exists.
    static func unknownText(_ name: String) -> String {
        let nearest = all.map { ($0.name, distance($0.name, name)) }.min { $0.1 < $1.1 }
        guard let nearest, nearest.1 <= max(2, name.count / 4) else {
            return "there is no setting called \(name); `martlet broker --settings` lists them"
        }
        return "there is no setting called \(name); did you mean \(nearest.0)?"
    }

    /// Levenshtein distance: how many letters to insert, remove or change.
    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left), right = Array(right)
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let substituted = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
