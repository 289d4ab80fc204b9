/// What a broker is told of the cluster that it is to belong to.
package struct ClusterSettings: Sendable {
    /// Servers of etcd, as URLs; empty: a broker by itself, on a store in its data directory.
    package var etcdEndpoints: [String]
    /// The cluster's name among those that share an etcd.
    package var name: String
    package var etcdUser: String?
    package var etcdPassword: String?
    /// A file with the password, for those who do not want it among the settings.
    package var etcdPasswordFile: String?
    package var etcdAuthorityFile: String?
    package var etcdCertificateFile: String?
    package var etcdKeyFile: String?
    /// Are consumers sent to a replica in their own rack?
    package var selectsReplicasByRack: Bool
    package var sessionTimeout: Duration
    package var replicaLagMax: Duration
    /// Nil: three where there are three brokers or more.
    package var replicationFactor: Int32?
    package var leaderBalanceDelay: Duration
    package var leaderBalanceRate: Int
    package var handOverTimeout: Duration
    /// Bytes a second that copying to replicas outside the in-sync set may take; nil: as much as it can.
    package var replicationThrottle: Int64?
    /// Of the time that copying to such replicas takes at most while there is live traffic, 0 to 1.
    package var replicaCatchUpShare: Double

    /// Does the broker share its metadata with others?
    package var isClustered: Bool { !etcdEndpoints.isEmpty }

    init(_ values: SettingValues) throws(SettingsError) {
        etcdEndpoints =
            try values.optionalText("etcd.endpoints")?.split(separator: ",").map {
                String($0.filter { !$0.isWhitespace })
            } ?? []
        name = try values.text("cluster.name")
        etcdUser = try values.optionalText("etcd.user")
        etcdPassword = try values.optionalText("etcd.password")
        etcdPasswordFile = try values.optionalText("etcd.password.file")
        etcdAuthorityFile = try values.optionalText("etcd.tls.ca.file")
        etcdCertificateFile = try values.optionalText("etcd.tls.cert.file")
        etcdKeyFile = try values.optionalText("etcd.tls.key.file")
        selectsReplicasByRack = try values.text("replica.selector") == "rack"
        sessionTimeout = try values.milliseconds("broker.session.timeout.ms")
        replicaLagMax = try values.milliseconds("replica.lag.time.max.ms")
        replicationFactor = try values.optionalInteger("default.replication.factor").map(Int32.init)
        leaderBalanceDelay = try values.milliseconds("leader.imbalance.delay.ms")
        leaderBalanceRate = try values.integer("leader.imbalance.moves.per.second")
        handOverTimeout = try values.milliseconds("controlled.shutdown.max.ms")
        let throttle = try values.integer("replication.throttle.bytes.per.second")
        replicationThrottle = throttle > 0 ? Int64(throttle) : nil
        replicaCatchUpShare = Double(try values.integer("replication.catch.up.share.percent")) / 100
        try check()
    }

    private func check() throws(SettingsError) {
        guard etcdPassword == nil || etcdPasswordFile == nil else {
            throw SettingsError("etcd.password and etcd.password.file are both set: keep one of the two")
        }
        guard (etcdUser == nil) == (etcdPassword == nil && etcdPasswordFile == nil) else {
            throw SettingsError("etcd.user and its password (etcd.password or etcd.password.file) are set together")
        }
        guard sessionTimeout.components.attoseconds == 0 else {
            throw SettingsError("broker.session.timeout.ms: etcd counts whole seconds")
        }
    }
}
