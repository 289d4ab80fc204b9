internal import Martlet

/// What a person at the command line can do about an error of the SDK.
enum Remedy {
    static func text(for error: MartletError) -> String {
        guard let remedy = remedy(for: error) else { return "\(error)" }
        return "\(error)\n\(remedy)"
    }

    private static func remedy(for error: MartletError) -> String? {
        switch error.code {
        case _ where error.isUnreachable:
            "Is a broker running there? `martlet broker` starts one; --broker or MARTLET_BROKER names another."
        case .refused(.unknownTopicOrPartition), .refused(.unknownTopicID):
            "`martlet topic list` shows the topics there are; `martlet topic create NAME` makes one."
        case .refused(.topicAlreadyExists):
            "`martlet topic describe NAME` shows it; with --if-not-exists this is no error."
        case .recordTooLarge, .refused(.messageTooLarge):
            "Where the topic takes less than 1048588 bytes (max.message.bytes, segment.bytes), say so: --max-message-bytes N. For "
                + "larger records raise both: `martlet topic alter NAME --set max.message.bytes=N`."
        case .refused(.metadataUnavailable):
            "Brokers serve what there is; changes have to wait until etcd answers them again. `martlet cluster status` shows it."
        case .refused(.notEnoughReplicas), .refused(.notEnoughReplicasAfterAppend):
            "`martlet cluster status` shows which brokers and replicas are missing."
        case .corruptBatch:
            "`martlet log inspect DATA --verify` on the broker's machine finds the damaged segment."
        case .offsetOutOfRange:
            "`martlet topic offsets NAME` shows which offsets there are."
        case .refused(.groupIDNotFound):
            "`martlet group list` shows the groups there are."
        case .refused(.nonEmptyGroup):
            "`martlet group describe GROUP` shows its members; stop them first."
        default: nil
        }
    }
}

extension MartletError {
    /// Nobody answered at the addresses given.
    var isUnreachable: Bool { code == .unreachable || code == .refused(.brokerUnavailable) }
}
