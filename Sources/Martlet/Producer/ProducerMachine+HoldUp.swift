internal import MartletCore

/// Why records wait to be delivered.
package struct HoldUp: Sendable {
    /// How long the oldest of them has waited.
    package var age: Duration
    /// What came of the last attempt, or why there was none.
    package var reason: MartletError

    package init(age: Duration, reason: MartletError) {
        self.age = age
        self.reason = reason
    }
}

extension ProducerMachine {
    /// What holds up the records that have waited longest. Nil while nothing has failed, however much there is to send.
    func holdUp(now: MonotonicTime) -> HoldUp? {
        var longest: HoldUp?
        for lane in active {
            guard let oldest = lane.unsettled.first, let reason = oldest.lastError ?? knownObstacle(to: lane) else {
                continue
            }
            let age = now - oldest.openedAt
            if age > longest?.age ?? .zero { longest = HoldUp(age: age, reason: reason) }
        }
        return longest
    }
}
