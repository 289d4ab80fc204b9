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
    /// How long an address that neither answers nor refuses is asked, when nothing depends on this start's records.
    static let silencePatience = Duration.milliseconds(2_500)

    /// What is known of the run that is registered.
    private enum TwinLife {
        /// Nobody listens at its address any more.
        case gone
        /// Its host may be away, or cut off from here, or its process stopped: it may live.
        case silent
        case lives
    }

    /// Returns at once when the run that is registered has ended in order, or its process is gone: nobody listens at its
    /// address. Else once its session has ended; throws when that goes on.
    ///
    /// - Parameter silencePatience: An address that stays silent for so long is waited for no longer, provided that every
    ///   partition here has another broker's replica in sync. True then: this start is to leave all in-sync sets, as if
    ///   it lacked records, since the other run may have had more of them acknowledged. Nil: the session decides.
    func expectNoTwin(host: String, port: UInt16, silencePatience: Duration?) async throws -> Bool {
        let begin = ContinuousClock.now
        let deadline = begin + settings.sessionTimeout + Self.sessionSlack
        var silentSince = begin
        var isTold = false
        while true {
            let image = try await metadata.image()
            guard let twin = liveRun(in: image) else { return false }
            switch await life(of: twin, host, port) {
            case .gone: return false
            case .lives: silentSince = .now
            case .silent:
                guard let silencePatience, ContinuousClock.now - silentSince >= silencePatience,
                    isDispensable(in: image)
                else { break }
                logger.warning(
                    "the former run of this broker has a session and is silent: this one joins without its place in sync",
                    metadata: ["address": "\(twin.host):\(twin.port)"])
                return true
            }
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

    /// Every partition goes on without this broker's replica: another broker's is in sync.
    private func isDispensable(in image: ClusterImage) -> Bool {
        image.partitions.values.allSatisfy { partition in
            !partition.replicas.contains(settings.brokerID)
                || partition.inSyncReplicas.contains { $0 != settings.brokerID }
        }
    }

    /// Where this process listens itself, a connection says nothing; but it does not answer this call before it serves.
    private func life(of twin: BrokerRecord, _ host: String, _ port: UInt16) async -> TwinLife {
        guard let peers else { return .gone }
        let address = PeerAddress(twin)
        guard twin.host == host, twin.port == port else {
            switch await peers.dial(address, timeout: Self.probeTimeout) {
            case .accepted: return .lives
            case .refused: return .gone
            case .noAnswer: return .silent
            }
        }
        let peer = peers.peer(address)
        defer { peer.close() }
        return await peer.reachable(of: [twin.id], timeout: Self.probeTimeout) == nil ? .gone : .lives
    }
}
