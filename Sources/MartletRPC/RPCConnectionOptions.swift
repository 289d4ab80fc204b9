package import NIOCore

/// How a client treats a connection.
package struct RPCConnectionOptions: Sendable {
    /// For the broker's log: "billing".
    package var clientName: String
    package var clientVersion: String
    /// Not empty: any other cluster is refused.
    package var clusterID: String
    /// The memory that responses' bodies are charged to while they are received. Share one among a client's
    /// connections.
    package var budget: MemoryBudget
    /// Sizes of one response.
    package var limits = FrameLimits.response
    /// For TCP's greeting, and again for Hello.
    package var connectTimeout = TimeAmount.seconds(5)
    /// A frame whose first byte has come is whole after this, plus a second for every 64 KiB of its body.
    package var frameTimeout = TimeAmount.seconds(30)

    /// What a client's responses in transit may use by default.
    package static let defaultBudgetBytes = 128 << 20

    package init(
        clientName: String = "martlet", clientVersion: String = "", clusterID: String = "",
        budget: MemoryBudget = MemoryBudget(capacity: RPCConnectionOptions.defaultBudgetBytes)
    ) {
        self.clientName = clientName
        self.clientVersion = clientVersion
        self.clusterID = clusterID
        self.budget = budget
    }

    func frameAllowance(bodyBytes: Int) -> TimeAmount {
        frameTimeout + .seconds(Int64(bodyBytes / (64 * 1024)))
    }
}
