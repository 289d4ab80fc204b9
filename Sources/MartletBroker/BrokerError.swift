package import MartletCore

/// Who leads a partition, for a client that asked the wrong broker or at the wrong epoch.
package struct LeaderHint: Sendable, Equatable {
    /// -1: nobody.
    package var brokerID: BrokerID
    package var leaderEpoch: LeaderEpoch

    package init(brokerID: BrokerID, leaderEpoch: LeaderEpoch) {
        self.brokerID = brokerID
        self.leaderEpoch = leaderEpoch
    }
}

/// What the broker refused or could not do.
package struct BrokerError: Error, Sendable, Equatable, CustomStringConvertible {
    package var code: ErrorCode
    /// For a person: what was wrong with what, and what to do.
    package var message: String
    /// Set when another broker or epoch leads.
    package var leader: LeaderHint?

    package init(_ code: ErrorCode, _ message: String, leader: LeaderHint? = nil) {
        self.code = code
        self.message = message
        self.leader = leader
    }

    package var description: String { message }

    /// Of a batch that was appended before this happened: whether it is kept is for the next leader to say, so it must not
    /// count as refused (RULES 10).
    var afterAppend: BrokerError {
        BrokerError(
            .leaderChangedAfterAppend,
            "the batch was written, but is not known to be kept: \(message); sent again with the same sequence it is not "
                + "written twice", leader: leader)
    }

    static let stopping = BrokerError(.brokerUnavailable, "the broker is shutting down; try again")
    static let starting = BrokerError(.brokerUnavailable, "the broker has not finished starting; try again")
}
