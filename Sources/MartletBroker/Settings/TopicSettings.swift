internal import MartletCore
package import MartletStorage

/// All settings of a topic, each with a value: its own, the cluster's or broker's default, or the built-in one.
package struct TopicSettings: Sendable, Equatable {
    package internal(set) var log = LogSettings()
    package internal(set) var minInSyncReplicas = 1

    /// A replica that may lack acknowledged records is given leadership rather than to wait for one that has them.
    package internal(set) var allowsUncleanElection = false

    static let minInSyncReplicasName = "min.insync.replicas"
    static let uncleanElectionName = "unclean.leader.election.enable"

    /// Of three replicas one may fail and writes go on, and two have what was acknowledged; with fewer there is no
    /// such choice.
    static func minInSyncReplicasDefault(replicas: Int) -> Int { replicas >= 3 ? 2 : 1 }

    /// Reads `own` over `defaults` over the built-in values, for a topic with so many replicas a partition. What is
    /// wrong with a setting is said with its name, its value and what it takes.
    package init(
        _ own: [String: String], defaults: [String: String], replicas: Int = 1, producerExpiration: Duration
    ) throws(BrokerError) {
        for definition in SettingDefinition.all {
            let value = own[definition.name] ?? defaults[definition.name] ?? definition.builtIn(replicas: replicas)
            guard definition.apply(value, &self) else {
                throw BrokerError(
                    .invalidConfig, "\(definition.name) cannot be '\(value)': it takes \(definition.accepted)")
            }
        }
        for name in [own, defaults].flatMap(\.keys) where SettingDefinition.named(name) == nil {
            throw Self.unknown(name)
        }
        log.producerExpiration = producerExpiration
        log.maxMessageBytes = min(log.maxMessageBytes, log.segmentBytes)
    }

    /// Is `value` one that the setting of this name takes?
    package static func accept(_ value: String, for name: String) -> Bool {
        (try? TopicSettings([name: value], defaults: [:], producerExpiration: .zero)) != nil
    }

    /// What the setting of this name takes, for messages.
    package static func accepted(by name: String) -> String {
        SettingDefinition.named(name)?.accepted ?? "nothing: there is no such topic setting"
    }

    static func unknown(_ name: String) -> BrokerError {
        let known = SettingDefinition.all.map(\.name).sorted().joined(separator: ", ")
        return BrokerError(.invalidConfig, "there is no topic setting '\(name)'; there are \(known)")
    }

    /// Every setting with its effective value, for people.
    static func describe(
        _ own: [String: String], defaults: [String: String], replicas: Int = 1
    ) -> [SettingDescription] {
        SettingDefinition.all.map { definition in
            SettingDescription(
                name: definition.name,
                value: own[definition.name] ?? defaults[definition.name] ?? definition.builtIn(replicas: replicas),
                isDefault: own[definition.name] == nil, documentation: definition.documentation)
        }
    }
}
