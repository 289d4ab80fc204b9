import MartletCore

@testable import Martlet

/// A partition on a broker, as far as producers see it: the rules of RULES 11 over a list of batches.
struct ModelPartition {
    struct Entry {
        var ordinal: UInt64
        var identity: ProducerIdentity
        var baseSequence: Int32
        var count: Int32
    }

    struct Sent {
        var batch: ProduceBatch
        var entry: Entry
    }

    private(set) var log: [Entry] = []
    /// Batches that are never taken.
    var poisoned: Set<UInt64> = []
    /// Where the producer's state begins: what lies before is forgotten.
    private var rememberedFrom = 0
    private(set) var duplicates = 0

    mutating func append(_ entry: Entry) -> ErrorCode {
        let known = log[rememberedFrom...].suffix(5)
        if let last = known.last {
            if entry.identity.epoch < last.identity.epoch { return .invalidProducerEpoch }
            if entry.identity.epoch > last.identity.epoch {
                guard entry.baseSequence == 0 else { return .outOfOrderSequenceNumber }
            } else {
                if known.contains(where: {
                    $0.identity == entry.identity && $0.baseSequence == entry.baseSequence && $0.count == entry.count
                }) {
                    duplicates += 1
                    return .none
                }
                let expected = Sequence32.advance(last.baseSequence, by: last.count)
                guard entry.baseSequence == expected else {
                    return entry.baseSequence < expected ? .duplicateSequenceNumber : .outOfOrderSequenceNumber
                }
            }
        } else if entry.baseSequence != 0 {
            return .unknownProducerID
        }
        if poisoned.contains(entry.ordinal) { return .invalidTimestamp }
        log.append(entry)
        return .none
    }

    /// The producer's state expires; the records stay.
    mutating func forgetProducer() {
        rememberedFrom = log.count
    }

    /// Batches at the end are lost, state and all. Returns what they were.
    mutating func lose(_ count: Int) -> [UInt64] {
        let lost = log.suffix(count).map(\.ordinal)
        log.removeLast(lost.count)
        rememberedFrom = min(rememberedFrom, log.count)
        return lost
    }
}

/// Random life of a lane against a ``ModelPartition``, from a seed.
struct LaneHistory {
    private(set) var script = LaneScript()
    private(set) var broker = ModelPartition()
    private var random: RandomSource
    /// On their way to the broker: a new connection each time something is lost, the old ones still being read by the
    /// broker.
    private var wires: [[ModelPartition.Sent]] = [[]]
    private var answers: [(sent: ModelPartition.Sent, code: ErrorCode)] = []
    private(set) var batches: [ProduceBatch] = []
    private(set) var lost: Set<UInt64> = []
    private(set) var problems: [String] = []
    private(set) var epochsRaised = 0
    private(set) var answersLost = 0
    private(set) var leadersChanged = 0
    private var sequenceOwners: [SequenceKey: UInt64] = [:]

    private struct SequenceKey: Hashable {
        var generation: Int
        var sequence: Int32
    }

    /// No answer and no record is lost: then the lane must be sure of everything.
    private let isCalm: Bool

    init(seed: UInt64) {
        random = RandomSource(seed: seed)
        isCalm = seed % 4 == 0
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps { step() }
        heal()
        check()
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<18: fill()
        case 18..<45: send()
        case 45..<70: brokerReads()
        case 70..<88: deliverAnswer()
        case 88..<91: if !isCalm { loseConnection() }
        case 91..<94: script.now = script.now + .milliseconds(Int64.random(in: 1...40, using: &random))
        case 94..<97: raiseEpochIfAsked()
        case 97: refuseForNow()
        case 98: forget()
        default: if !isCalm, Int.random(in: 0..<8, using: &random) == 0 { loseRecords() }
        }
        script.expire()
    }

    private mutating func fill() {
        guard script.lane.open == nil else { return script.lane.sealOpen() }
        let timeout = Duration.milliseconds(Int64.random(in: 20...2000, using: &random))
        let batch = script.fill(
            records: Int32.random(in: 1...9, using: &random), timeout: timeout, seal: Bool.random(using: &random))
        batches.append(batch)
        if Int.random(in: 0..<25, using: &random) == 0 { broker.poisoned.insert(batch.ordinal) }
    }

    private mutating func send() {
        guard let batch = script.take(), let identity = batch.identity else { return }
        let entry = ModelPartition.Entry(
            ordinal: batch.ordinal, identity: identity, baseSequence: batch.baseSequence, count: batch.recordCount)
        let key = SequenceKey(generation: identity.generation, sequence: batch.baseSequence)
        if sequenceOwners.updateValue(batch.ordinal, forKey: key) ?? batch.ordinal != batch.ordinal {
            problems.append("sequence \(key) stands for two batches")
        }
        wires[wires.count - 1].append(ModelPartition.Sent(batch: batch, entry: entry))
    }

    private mutating func brokerReads() {
        let index = Int.random(in: 0..<wires.count, using: &random)
        guard !wires[index].isEmpty else { return }
        let sent = wires[index].removeFirst()
        let code = broker.append(sent.entry)
        // Answers on connections that are gone reach nobody.
        guard index == wires.count - 1 else { return }
        if code == .none, !isCalm, Int.random(in: 0..<25, using: &random) == 0 {
            // Written, and then the broker did not lead any more.
            leadersChanged += 1
            answers.append((sent, .leaderChangedAfterAppend))
        } else {
            answers.append((sent, code))
        }
    }

    private mutating func deliverAnswer() {
        guard !answers.isEmpty else { return }
        let (sent, code) = answers.remove(at: Int.random(in: 0..<min(answers.count, 3), using: &random))
        switch code {
        case .none, .duplicateSequenceNumber: script.accept(sent.batch)
        default: script.fail(sent.batch, .answer(code))
        }
    }

    private mutating func loseConnection() {
        let unanswered = script.lane.inFlight
        answersLost += unanswered.count
        answers = []
        wires.append([])
        if wires.count > 3 { wires.removeFirst() }
        for batch in unanswered { script.fail(batch, .lost) }
    }

    private mutating func refuseForNow() {
        guard let sent = wires[wires.count - 1].first else { return }
        wires[wires.count - 1].removeFirst()
        answers.append((sent, .notLeaderOrFollower))
    }

    private mutating func raiseEpochIfAsked() {
        guard let awaited = script.lane.awaitedGeneration, let identity = script.identity,
            identity.generation <= awaited
        else { return }
        epochsRaised += 1
        script.raiseEpoch()
    }

    /// Only what nobody waits for any more expires in a broker.
    private mutating func forget() {
        let unsettled = Set(script.lane.unsettled.map(\.ordinal))
        guard wires.allSatisfy(\.isEmpty), !broker.log.contains(where: { unsettled.contains($0.ordinal) }) else {
            return
        }
        broker.forgetProducer()
    }

    private mutating func loseRecords() {
        guard wires.allSatisfy(\.isEmpty), answers.isEmpty else { return }
        lost.formUnion(broker.lose(Int.random(in: 1...3, using: &random)))
    }

    private mutating func heal() {
        for _ in 0..<5000 where !script.lane.isIdle {
            script.lane.sealOpen()
            raiseEpochIfAsked()
            while script.lane.inFlight.count < 5, !script.lane.queue.isEmpty {
                let before = script.lane.inFlight.count
                send()
                if script.lane.inFlight.count == before { break }
            }
            while wires.contains(where: { !$0.isEmpty }) { brokerReads() }
            while !answers.isEmpty { deliverAnswer() }
            script.now = script.now + .milliseconds(20)
            script.expire()
        }
    }

    private mutating func check() {
        if !script.lane.isIdle {
            problems.append("stuck with \(script.lane.unsettled.count) batches in phase \(script.lane.phase)")
        }
        let ordinals = broker.log.map(\.ordinal)
        if zip(ordinals, ordinals.dropFirst()).contains(where: { $0 >= $1 }) {
            problems.append("out of order or twice: \(ordinals)")
        }
        let present = Set(ordinals)
        for batch in batches {
            guard let outcome = script.outcomes[batch.ordinal] else {
                problems.append("batch \(batch.ordinal) has no outcome")
                continue
            }
            switch outcome {
            case .success:
                if !present.contains(batch.ordinal), !lost.contains(batch.ordinal) {
                    problems.append("batch \(batch.ordinal) was acknowledged and is not there")
                }
            case .failure(let error) where error.code != .unresolved:
                if present.contains(batch.ordinal) {
                    problems.append("batch \(batch.ordinal) failed with \(error.code) and is there")
                }
            case .failure:
                if answersLost == 0, leadersChanged == 0, lost.isEmpty {
                    problems.append("batch \(batch.ordinal) is unresolved without a cause")
                }
            }
        }
    }
}
