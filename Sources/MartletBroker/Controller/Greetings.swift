internal import MartletCore
internal import MartletMetadata

/// Which runs of brokers answer this one's greetings, as it sees itself: what the store says of sessions has no part in
/// it. A value; greetings go out and outcomes come in through its owner.
struct Greetings {
    private struct Watched {
        /// A greeting is on its way.
        var sentAt: ControllerTime?
        var nextAt: ControllerTime
        /// Greetings one after the other of which none was answered: when the first was sent, when the last had failed.
        var silence: (since: ControllerTime, until: ControllerTime)?
    }

    private let settings: ControllerSettings
    private var watched: [PartitionLeader: Watched] = [:]

    init(settings: ControllerSettings) {
        self.settings = settings
    }

    /// When the next greeting is due; nil: not before the outcome of another.
    var deadline: ControllerTime? {
        watched.values.compactMap { $0.sentAt == nil ? $0.nextAt : nil }.min()
    }

    /// Those that are silent; sorted.
    var silent: [PartitionLeader] {
        watched.filter { $0.value.silence != nil }.keys.sorted {
            ($0.broker, $0.startEpoch) < ($1.broker, $1.startEpoch)
        }
    }

    /// From now on these are greeted, and no others.
    mutating func watch(_ runs: Set<PartitionLeader>, at now: ControllerTime) {
        watched = watched.filter { runs.contains($0.key) }
        for run in runs where watched[run] == nil { watched[run] = Watched(nextAt: now) }
    }

    /// Whose greetings go out now; sorted.
    mutating func due(at now: ControllerTime) -> [PartitionLeader] {
        let due = watched.filter { $0.value.sentAt == nil && $0.value.nextAt <= now }.keys
        for run in due { watched[run]?.sentAt = now }
        return due.sorted { ($0.broker, $0.startEpoch) < ($1.broker, $1.startEpoch) }
    }

    /// The outcome of the greeting that is on its way.
    mutating func greeted(_ run: PartitionLeader, isAnswered: Bool, at now: ControllerTime) {
        guard var watched = watched[run], let sentAt = watched.sentAt else { return }
        watched.sentAt = nil
        watched.nextAt = max(sentAt + settings.greetEvery, now)
        if isAnswered || now - sentAt > settings.greetingLimit {
            // In the second case this process has not run for a while: it cannot tell who was silent.
            watched.silence = nil
        } else if let silence = watched.silence, sentAt - silence.until <= settings.greetingLimit {
            watched.silence = (silence.since, now)
        } else {
            watched.silence = (sentAt, now)
        }
        self.watched[run] = watched
    }

    /// Since when this run has answered nothing, if it does not answer now; nil also when that is not known.
    func silentSince(_ run: PartitionLeader, at now: ControllerTime) -> ControllerTime? {
        guard let silence = watched[run]?.silence, now - silence.until <= settings.greetingLimit else { return nil }
        return silence.since
    }
}
