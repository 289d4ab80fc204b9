package import MartletCore

/// How the broker is doing.
package struct BrokerStatus: Sendable, Equatable {
    package struct Trouble: Sendable, Equatable {
        package var topic: String
        package var partition: PartitionIndex
        package var reason: String
        /// Nothing is wrong: something was set aside, for a person to delete.
        package var isNote = false
    }

    package var brokerID: BrokerID
    package var clusterID: String
    package var startEpoch: Int64
    package var topics: Int
    /// With a replica on this broker.
    package var partitions: Int
    package var partitionsRecovering: Int
    /// Of segments' batches.
    package var logBytes: Int64
    /// Offline partitions and directories that were set aside.
    package var troubles: [Trouble]
    package var counters: BrokerCounters.Snapshot
}
