internal import GRPCCore
internal import MartletMetadata

/// What a failed call to etcd means.
enum EtcdAnswer {
    /// No answer, or one from a member that cannot know: a change may have been made or may still be. Another member
    /// may do better.
    case unclear
    /// The token is too old: nothing was done; a new one helps.
    case staleToken
    /// Refused, nothing was done; every member would say the same.
    case refused

    init(_ error: RPCError) {
        let isAboutToken =
            error.message.contains("invalid auth token") || error.message.contains("revision in header is old")
            || error.message.contains("auth store is old")
        if isAboutToken {
            self = .staleToken
            return
        }
        switch error.code {
        case .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .resourceExhausted, .failedPrecondition,
            .outOfRange, .unimplemented, .unauthenticated:
            self = .refused
        default:
            self = .unclear
        }
    }

    var isDefinite: Bool {
        if case .unclear = self { false } else { true }
    }
}

extension MetadataError {
    /// A failed call in words for a person: which member, what it said, what to do.
    init(etcd error: RPCError, at endpoint: EtcdEndpoint) {
        let said = error.message
        func says(_ part: String) -> Bool { said.contains(part) }
        let (code, text): (Code, String) =
            switch error.code {
            case .resourceExhausted where says("space exceeded"):
                (
                    .unavailable,
                    "is full (NOSPACE alarm): compact and defragment it or raise its --quota-backend-bytes, "
                        + "then run `etcdctl alarm disarm`"
                )
            case .invalidArgument where says("invalid user ID or password"):
                (.refused, "refuses the user or the password: check etcd.user and etcd.password")
            case .invalidArgument where says("user name is empty"):
                (.refused, "wants a user: set etcd.user and etcd.password")
            case .permissionDenied:
                (.refused, "does not let this user at the cluster's keys: grant it read and write on them")
            case .unimplemented:
                (.refused, "does not know the call: is it an etcd, of version 3.4 or later? (\(error.detail))")
            case .outOfRange where says("compacted"):
                (.revisionCompacted, "no longer keeps the revision asked for")
            case .invalidArgument where says("too many operations") || says("too large") || says("duplicate key"):
                (.invalidTransaction, "refuses the transaction: \(said)")
            case .notFound where says("lease not found"):
                (.unavailable, "says that the session is over; it is about to be opened anew")
            case .deadlineExceeded:
                (.unavailable, "does not answer in time: is it overloaded, paused or cut off?")
            case .unavailable where says("no leader"):
                (.unavailable, "has no leader: a majority of its members must run and reach each other")
            case .unavailable where says("request timed out") || says("leader changed"):
                (.unavailable, "could not get its members to agree in time: \(said)")
            case .unavailable:
                (
                    .unavailable,
                    "cannot be reached: is it running, are the address and the certificates right? (\(error.detail))"
                )
            default:
                (.unavailable, "answers with an error: \(error.detail)")
            }
        self.init(code, "etcd at \(endpoint) \(text)")
    }
}

extension RPCError {
    /// The message and what caused it.
    fileprivate var detail: String {
        cause.map { "\(message) \($0)" } ?? message
    }
}
