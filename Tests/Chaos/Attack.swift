/// What is done to whom.
struct Attack: CustomStringConvertible, Sendable {
    enum Fault: String, CaseIterable, Sendable {
        case kill, pause, cut, oneWayCut = "one-way cut", slowLink = "slow link", drain
        case rollingRestart = "rolling restart", etcdLeaderKill = "etcd leader kill", etcdPause = "etcd pause"
        case diskFull = "disk full"

        /// Leader and controller are of brokers, or, of etcd's faults, the leader among its members.
        var targets: [Target] {
            switch self {
            case .kill, .pause, .cut, .oneWayCut, .slowLink, .drain, .rollingRestart, .diskFull: Target.allCases
            case .etcdLeaderKill: [.leader]
            case .etcdPause: [.leader, .follower, .majority, .all]
            }
        }
    }

    enum Target: String, CaseIterable, Sendable {
        case leader, follower, controller, majority, all
    }

    /// From whom a host is cut off.
    enum Peers: String, CaseIterable, Sendable {
        case everybody, brokers, etcd
    }

    /// Which half of a link goes.
    enum Direction: String, CaseIterable, Sendable {
        /// It hears the others, who do not hear it.
        case sending
        /// It is heard, and hears nobody.
        case receiving
    }

    var fault: Fault
    var target: Target
    /// Of cuts: links between a victim and these.
    var peers = Peers.everybody
    /// Of one-way cuts.
    var direction = Direction.sending
    /// How long it lasts.
    var time: Duration

    var description: String {
        switch fault {
        case .cut: "cut from \(peers.rawValue), \(target.rawValue)"
        case .oneWayCut: "one-way cut from \(peers.rawValue), \(direction.rawValue), \(target.rawValue)"
        default: "\(fault.rawValue), \(target.rawValue)"
        }
    }
}

/// Deals attacks: every fault once before one comes again, and to each of its targets before one is hit again.
struct Deck {
    /// How long an attack lasts, in milliseconds.
    private let time: ClosedRange<Int>
    private var faults: [Attack.Fault] = []
    private var targets: [Attack.Fault: [Attack.Target]] = [:]

    init(milliseconds time: ClosedRange<Int>) {
        self.time = time
    }

    mutating func deal(using random: inout some RandomNumberGenerator) -> Attack {
        if faults.isEmpty { faults = Attack.Fault.allCases.shuffled(using: &random) }
        let fault = faults.removeLast()
        if targets[fault, default: []].isEmpty { targets[fault] = fault.targets.shuffled(using: &random) }
        let target = targets[fault]?.removeLast() ?? .leader
        let peers = Attack.Peers.allCases.randomElement(using: &random) ?? .everybody
        let direction = Attack.Direction.allCases.randomElement(using: &random) ?? .sending
        return Attack(
            fault: fault, target: target, peers: peers, direction: direction,
            time: .milliseconds(Int.random(in: time, using: &random)))
    }
}
