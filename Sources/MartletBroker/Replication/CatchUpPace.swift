/// How fast a follower copies from one leader what it is behind by. Without live traffic, as fast as it goes. With it,
/// one piece at a time, and a rest after each, in proportion to the time that it took: whatever is short, processor,
/// network or disk, what is copied for replicas that are behind takes a stated share of it, never more and never less.
///
/// A share of the time may be too little to ever catch up with a partition that goes on growing, and an in-sync set that
/// stays small is a danger of its own. So there is a second bound, of which the more generous counts: what is copied from
/// the leader in all, for replicas in sync and behind, may be half as much again as what clients produce there.
///
/// A value without clock or I/O.
struct CatchUpPace {
    /// The bytes copied in all that are always granted, as a multiple of those produced.
    static let outpacing = 1.5
    /// Grants, and bytes beyond them, are remembered up to so many bytes.
    private static let memory = Double(4 << 20)

    /// Of the time, above 0 and at most 1.
    private let share: Double
    private var leader = LiveTraffic.none
    private var hasOwnTraffic = false
    /// Bytes granted, and not used.
    private var credit = 0.0
    private var counted = Duration.zero
    private var restsUntil = Duration.zero

    init(share: Double) {
        self.share = share
    }

    /// Whether pieces are small, and followed by rests.
    var isLimited: Bool { share < 1 && (leader.isThere || hasOwnTraffic) }

    /// The leader said what it does for clients; so does this broker.
    mutating func heard(of leader: LiveTraffic, own: LiveTraffic, at now: Duration) {
        grant(at: now)
        self.leader = leader
        hasOwnTraffic = own.isThere
    }

    /// For replicas that are behind or in sync.
    mutating func copied(bytes: Int) {
        credit = max(-Self.memory, credit - Double(bytes))
    }

    /// A piece that was asked for at `begin` has been appended. `lanes` leaders are copied from at once: they share.
    mutating func finishedPiece(since begin: Duration, lanes: Int, at now: Duration) {
        restsUntil = now + (now - begin) * (Double(max(1, lanes)) / share - 1)
    }

    /// Nil: the next piece may be asked for. Else: when it is worth asking again.
    mutating func pause(at now: Duration) -> Duration? {
        guard isLimited, now < restsUntil else { return nil }
        grant(at: now)
        guard credit <= 0 else { return nil }
        // Others may use up what is granted meanwhile: then it asks once more.
        guard leader.producedPerSecond > 0 else { return restsUntil }
        let wait = Duration.seconds(-credit / grantedPerSecond)
        return min(restsUntil, now + max(.milliseconds(2), wait))
    }

    private var grantedPerSecond: Double { Self.outpacing * Double(leader.producedPerSecond) }

    private mutating func grant(at now: Duration) {
        guard now > counted else { return }
        credit = min(Self.memory, credit + grantedPerSecond * ((now - counted) / .seconds(1)))
        counted = now
    }
}
