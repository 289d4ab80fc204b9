internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata

// Another process that runs as this broker, on a directory that this one's is a copy of (or the other way round). Its
// place is not taken while it lives: it may have acknowledged what the copy lacks.
extension ControlPlane {
    private static let twinLookEvery = Duration.milliseconds(250)
    private static let probeTimeout = Duration.milliseconds(500)
    /// A session that was not ended may outlive its process by the session timeout, and by a little more in the store.
    private static let sessionSlack = Duration.seconds(2)

    /// Returns at once when the run that is registered has ended in order, or its process is gone: nobody listens at its
    /// address. Else once its session has ended; throws when that goes on.
    func expectNoTwin(host: String, port: UInt16) async throws {
        let deadline = ContinuousClock.now + settings.sessionTimeout + Self.sessionSlack
        var isTold = false
        while let twin = liveRun(in: try await metadata.image()), await mayLive(twin, host, port) {
            guard ContinuousClock.now < deadline else {
                throw BrokerError(
                    .brokerUnavailable,
                    "the broker does not start: another process runs as broker \(settings.brokerID), at \(twin.host):"
                        + "\(twin.port), on this data directory's original or on a copy of it. Stop that one first, and go "
                        + "on with the directory that it wrote to: a copy lacks what was acknowledged since")
            }
            if !isTold {
                logger.warning(
                    "another process may run as this broker: waiting for its session to end",
                    metadata: ["address": "\(twin.host):\(twin.port)"])
                isTold = true
            }
            try await Task.sleep(for: Self.twinLookEvery)
        }
    }

    /// The run that is registered, if it has a session.
    private func liveRun(in image: ClusterImage) -> BrokerRecord? {
        guard let record = image.brokers[settings.brokerID]?.record,
            image.sessions[settings.brokerID]?.startEpoch == record.startEpoch
        else { return nil }
        return record
    }

    /// Where this process listens itself, a connection says nothing; but it does not answer this call before it serves.
    private func mayLive(_ twin: BrokerRecord, _ host: String, _ port: UInt16) async -> Bool {
        guard let peers else { return false }
        let address = PeerAddress(twin)
        guard twin.host == host, twin.port == port else {
            return await peers.dial(address, timeout: Self.probeTimeout) != .refused
        }
        let peer = peers.peer(address)
        defer { peer.close() }
        return await peer.reachable(of: [twin.id], timeout: Self.probeTimeout) != nil
    }
}
