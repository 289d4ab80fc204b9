internal import GRPCCore
internal import Logging
internal import MartletMetadata
internal import MartletProtocol
internal import Synchronization

/// Calls whichever member of the etcd cluster answers. Any thread.
final class EtcdClient: Sendable {
    /// An answer, and when its request was about to be sent.
    struct Answer<Response: Sendable>: Sendable {
        var response: Response
        var sentAt: ContinuousClock.Instant
    }

    /// A failed call that would have changed something.
    enum ChangeFailure: Error {
        /// Nothing was changed, and nothing will be.
        case refused(MetadataError)
        /// It may have been done, or may be done yet.
        case unclear(MetadataError)
    }

    /// Between two rounds over all members, none of which answered.
    private static let roundPause = Duration.milliseconds(100)

    let members: [EtcdMember]
    let callTimeout: Duration
    private let user: EtcdUser?
    private let token = Mutex<String?>(nil)
    /// The member that is asked first: the last one that answered.
    private let preferred = Mutex(0)
    /// A key that may always be read: for finding out whether a member answers.
    private let probe: RangeRequest

    init(_ options: EtcdOptions, layout: KeyLayout) throws(MetadataError) {
        var members: [EtcdMember] = []
        for endpoint in options.endpoints { members.append(try EtcdMember(endpoint, tls: options.tls)) }
        self.members = members
        callTimeout = options.callTimeout
        user = options.user
        probe = RangeRequest(key: layout.key(of: .cluster), keysOnly: true)
    }

    func close() async {
        for member in members { await member.close() }
    }

    /// What came of asking all members.
    private enum Round<Value: Sendable, Failure: Error>: Sendable {
        case answered(Value)
        /// Asking again would not help.
        case failed(Failure)
        case nobodyAnswers([MetadataError])
    }

    // MARK: Calls that may be repeated

    /// Asks one member after the other until one answers. When all fail at once, as they do while they elect a leader,
    /// it asks again until `patience` (a call's timeout, if it is not said) is over. Only for what may be done twice.
    func call<Request: WireMessage, Response: WireMessage>(
        _ method: EtcdMethod<Request, Response>, _ request: Request, timeout: Duration? = nil,
        patience: Duration? = nil
    ) async throws(MetadataError) -> Answer<Response> {
        let deadline = ContinuousClock.now + (patience ?? callTimeout)
        while true {
            switch await callRound(method, request, timeout ?? callTimeout) {
            case .answered(let answer): return answer
            case .failed(let error): throw error
            case .nobodyAnswers(let errors):
                guard await pause(before: deadline) else { throw Self.summary(errors) }
            }
        }
    }

    private func callRound<Request: WireMessage, Response: WireMessage>(
        _ method: EtcdMethod<Request, Response>, _ request: Request, _ timeout: Duration
    ) async -> Round<Answer<Response>, MetadataError> {
        var errors: [MetadataError] = []
        for (index, member) in order() {
            let sentAt = ContinuousClock.now
            do {
                let response = try await attempt(member, method, request, timeout)
                preferred.withLock { $0 = index }
                return .answered(Answer(response: response, sentAt: sentAt))
            } catch {
                let failure = MetadataError(etcd: error, at: member.endpoint)
                guard case .unclear = EtcdAnswer(error) else { return .failed(failure) }
                errors.append(failure)
            }
        }
        return .nobodyAnswers(errors)
    }

    /// The store's revision now: a linearizable read.
    func revision(patience: Duration? = nil) async throws(MetadataError) -> Revision {
        try await call(EtcdMethods.range, probe, patience: patience).response.header?.revision ?? 0
    }

    // MARK: Calls that may not

    /// Sends `request` once, to a member that answers. A member that has not lately is asked for something harmless
    /// first: so a store that is away is no reason to wonder what became of the change.
    func change<Request: WireMessage, Response: WireMessage>(
        _ method: EtcdMethod<Request, Response>, _ request: Request
    ) async throws(ChangeFailure) -> Response {
        let deadline = ContinuousClock.now + callTimeout
        while true {
            switch await changeRound(method, request) {
            case .answered(let response): return response
            case .failed(let failure): throw failure
            case .nobodyAnswers(let errors):
                guard await pause(before: deadline) else { throw .refused(Self.summary(errors)) }
            }
        }
    }

    private func changeRound<Request: WireMessage, Response: WireMessage>(
        _ method: EtcdMethod<Request, Response>, _ request: Request
    ) async -> Round<Response, ChangeFailure> {
        var errors: [MetadataError] = []
        for (index, member) in order() {
            do {
                if !member.isAnswering { _ = try await attempt(member, EtcdMethods.range, probe, callTimeout) }
            } catch {
                let failure = MetadataError(etcd: error, at: member.endpoint)
                guard case .unclear = EtcdAnswer(error) else { return .failed(.refused(failure)) }
                errors.append(failure)
                continue
            }
            do {
                let response = try await attempt(member, method, request, callTimeout)
                preferred.withLock { $0 = index }
                return .answered(response)
            } catch {
                let failure = MetadataError(etcd: error, at: member.endpoint)
                if case .unclear = EtcdAnswer(error) { return .failed(.unclear(failure)) }
                return .failed(.refused(failure))
            }
        }
        return .nobodyAnswers(errors)
    }

    /// False: there is no time for another round.
    private func pause(before deadline: ContinuousClock.Instant) async -> Bool {
        guard ContinuousClock.now + Self.roundPause < deadline else { return false }
        do {
            try await Task.sleep(for: Self.roundPause)
            return true
        } catch {
            return false
        }
    }

    // MARK: Watches

    /// The member whose turn it is to be watched; `round` counts the tries.
    func member(round: Int) -> EtcdMember {
        members[(preferred.withLock { $0 } + round) % members.count]
    }

    /// Watches at `member` until `receive` returns.
    func watch(
        _ request: WatchCreateRequest, at member: EtcdMember,
        receive: @Sendable @escaping (RPCAsyncSequence<WatchResponse, any Error>) async -> Void
    ) async throws(MetadataError) {
        do {
            try await member.watch(request, token: try await currentToken(member), receive: receive)
        } catch {
            throw MetadataError(etcd: error, at: member.endpoint)
        }
    }

    /// Whether `member` answers at all, from what it has itself.
    func isAlive(_ member: EtcdMember) async -> Bool {
        var request = probe
        request.serializable = true
        do {
            _ = try await attempt(member, EtcdMethods.range, request, callTimeout)
            return true
        } catch {
            return EtcdAnswer(error).isDefinite
        }
    }

    // MARK: One member

    /// One call to one member, with a new token when the present one is too old: who refuses a token has done nothing.
    func attempt<Request: WireMessage, Response: WireMessage>(
        _ member: EtcdMember, _ method: EtcdMethod<Request, Response>, _ request: Request, _ timeout: Duration
    ) async throws(RPCError) -> Response {
        do {
            return try await member.call(method, request, token: try await currentToken(member), timeout: timeout)
        } catch {
            guard case .staleToken = EtcdAnswer(error), user != nil else { throw error }
            forgetToken()
            return try await member.call(method, request, token: try await currentToken(member), timeout: timeout)
        }
    }

    /// The next call asks for a new token.
    func forgetToken() {
        token.withLock { $0 = nil }
    }

    private func currentToken(_ member: EtcdMember) async throws(RPCError) -> String? {
        guard let user else { return nil }
        if let token = token.withLock({ $0 }) { return token }
        let request = AuthenticateRequest(name: user.name, password: user.password)
        do {
            let response = try await member.call(EtcdMethods.authenticate, request, token: nil, timeout: callTimeout)
            token.withLock { $0 = response.token }
            return response.token
        } catch {
            // An etcd without authentication takes everybody.
            guard error.code == .failedPrecondition, error.message.contains("not enabled") else { throw error }
            return nil
        }
    }

    private func order() -> [(index: Int, member: EtcdMember)] {
        let first = preferred.withLock { $0 }
        return members.indices.map { (first + $0) % members.count }.map { ($0, members[$0]) }
    }

    private static func summary(_ errors: [MetadataError]) -> MetadataError {
        if errors.count == 1 { return errors[0] }
        return MetadataError(
            .unavailable, "no etcd member answers: " + errors.map(\.message).joined(separator: "; "))
    }
}
