internal import MartletCore

/// A group's settings as people write them.
extension GroupSettings {
    package static let names = ["assignor", "heartbeat.interval.ms", "session.timeout.ms"]

    /// What holds, in the order of ``names``.
    package func values(assignor: AssignorName) -> [String] {
        [assignor.rawValue, "\(heartbeatInterval)", "\(sessionTimeout)"]
    }

    /// Throws INVALID_CONFIG for a name or value that is none; ranges are checked by ``check()``.
    package mutating func set(_ name: String, to value: String) throws(BrokerError) {
        switch name {
        case "assignor":
            guard let assignor = AssignorName(rawValue: value) else { throw AssignorName.unsupported(value) }
            self.assignor = assignor
        case "heartbeat.interval.ms": heartbeatIntervalMs = try Self.number(name, value)
        case "session.timeout.ms": sessionTimeoutMs = try Self.number(name, value)
        default: throw Self.unknown(name)
        }
    }

    /// Puts a setting back to its default. Throws INVALID_CONFIG for a name that is none.
    package mutating func reset(_ name: String) throws(BrokerError) {
        switch name {
        case "assignor": assignor = nil
        case "heartbeat.interval.ms": heartbeatIntervalMs = nil
        case "session.timeout.ms": sessionTimeoutMs = nil
        default: throw Self.unknown(name)
        }
    }

    private static func number(_ name: String, _ value: String) throws(BrokerError) -> Int32 {
        guard let number = Int32(value), number >= 0 else {
            throw BrokerError(.invalidConfig, "\(name) is \"\(value)\"; it has to be a number of milliseconds")
        }
        return number
    }

    private static func unknown(_ name: String) -> BrokerError {
        BrokerError(
            .invalidConfig, "a group has no setting \"\(name)\"; there are \(names.joined(separator: ", "))")
    }
}

extension AssignorName {
    /// The refusal of a name that is none.
    package static func unsupported(_ name: String) -> BrokerError {
        let known = allCases.map(\.rawValue).joined(separator: ", ")
        return BrokerError(.unsupportedAssignor, "there is no assignor \"\(name)\"; there are \(known)")
    }
}
