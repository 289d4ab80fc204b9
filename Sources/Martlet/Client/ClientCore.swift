internal import Logging
internal import MartletCore
internal import MartletProtocol
internal import MartletRPC
internal import NIOCore
internal import Synchronization

/// What producers, consumers and admin clients share: the connections to the brokers and who the brokers are. Any
/// thread. All its connections live on one event loop, so what happens on them happens in one order.
final class ClientCore: Sendable {
    /// RULES 29: a slow reader of data never costs its own membership, nor its metadata.
    enum Purpose: Hashable, Sendable {
        case data
        case control
    }

    private struct LinkKey: Hashable {
        var address: BrokerAddress
        var purpose: Purpose
    }

    private struct State {
        var addresses: [BrokerID: BrokerAddress] = [:]
        /// The newest cluster metadata seen.
        var revision: UInt64 = 0
        var links: [LinkKey: Eventual<Result<BrokerLink, MartletError>>] = [:]
        /// Where the search for a broker that answers begins.
        var preferred = 0
        var isClosed = false
    }

    let configuration: ClientConfiguration
    let loop: any EventLoop
    let logger: Logger
    private let state = Mutex(State())

    init(configuration: ClientConfiguration, logger: Logger) throws(MartletError) {
        try configuration.validate()
        self.configuration = configuration
        self.logger = logger
        loop = (configuration.loop ?? ClientLoop()).eventLoop
    }

    /// The address of a broker that metadata named.
    func address(of broker: BrokerID) -> BrokerAddress? {
        state.withLock { $0.addresses[broker] }
    }

    /// "10.0.0.1:7400", or the broker's number while its address is not known.
    func name(of broker: BrokerID) -> String {
        address(of: broker)?.description ?? "broker \(broker)"
    }

    /// The connection to a broker, made if there is none. Callers that come at the same time share one attempt.
    nonisolated(nonsending) func link(to broker: BrokerID, _ purpose: Purpose) async throws(MartletError) -> BrokerLink
    {
        guard let address = address(of: broker) else {
            throw MartletError(.unreachable, "no address is known for broker \(broker); it may have left the cluster")
        }
        return try await link(to: address, purpose)
    }

    nonisolated(nonsending) func link(
        to address: BrokerAddress, _ purpose: Purpose
    ) async throws(MartletError) -> BrokerLink {
        let key = LinkKey(address: address, purpose: purpose)
        let (pending, isNew) = try state.withLock { state throws(MartletError) in
            if state.isClosed { throw MartletError(.closed, "the client is closed") }
            if let known = state.links[key] { return (known, false) }
            let pending = Eventual<Result<BrokerLink, MartletError>>()
            state.links[key] = pending
            return (pending, true)
        }
        if isNew { Task { await dial(key, pending) } }
        return try await pending.value().get()
    }

    /// The connection to a broker if there is one now.
    func currentLink(to broker: BrokerID, _ purpose: Purpose) -> BrokerLink? {
        state.withLock { state in
            guard let address = state.addresses[broker] else { return nil }
            return try? state.links[LinkKey(address: address, purpose: purpose)]?.current?.get()
        }
    }

    /// The same, waiting no longer than `patience`; the attempt goes on for others.
    private nonisolated(nonsending) func link(
        to address: BrokerAddress, _ purpose: Purpose, within patience: Duration
    ) async throws(MartletError) -> BrokerLink {
        let outcome = Eventual<Result<BrokerLink, MartletError>>()
        let timer = loop.scheduleTask(in: .nanoseconds(patience.wholeNanoseconds)) {
            let error = MartletError(
                .unreachable, "no connection after \(patience.text)", broker: address.description)
            outcome.fulfil(.failure(error))
        }
        defer { timer.cancel() }
        Task {
            do throws(MartletError) {
                outcome.fulfil(.success(try await link(to: address, purpose)))
            } catch {
                outcome.fulfil(.failure(error))
            }
        }
        return try await outcome.value().get()
    }

    /// Gives up all connections to a broker; calls on them fail, and may be made again.
    func drop(_ broker: BrokerID) {
        let links = state.withLock { state in
            guard let address = state.addresses[broker] else { return [BrokerLink]() }
            return [Purpose.data, .control].compactMap { purpose in
                try? state.links[LinkKey(address: address, purpose: purpose)]?.current?.get()
            }
        }
        for link in links { link.close() }
    }

    private func dial(_ key: LinkKey, _ pending: Eventual<Result<BrokerLink, MartletError>>) async {
        do throws(MartletError) {
            let link = try await BrokerLink.connect(to: key.address, configuration: configuration, loop: loop)
            logger.debug("connected", metadata: ["broker": "\(key.address)", "for": "\(key.purpose)"])
            link.onClosed { [weak self] in self?.forget(key, pending) }
            if state.withLock({ $0.isClosed }) { link.close() }
            pending.fulfil(.success(link))
        } catch {
            forget(key, pending)
            pending.fulfil(.failure(error))
        }
    }

    private func forget(_ key: LinkKey, _ pending: Eventual<Result<BrokerLink, MartletError>>) {
        state.withLock { state in
            if state.links[key] === pending { state.links[key] = nil }
        }
    }

    /// Closes every connection; calls on them fail. Idempotent.
    func close() {
        let links = state.withLock { state in
            state.isClosed = true
            defer { state.links = [:] }
            return state.links.values.compactMap { try? $0.current?.get() }
        }
        for link in links { link.close() }
    }
}

// MARK: - For shells, which run on the loop

extension ClientCore {
    enum LinkChange: Sendable {
        case up
        case down(MartletError)
    }

    /// Makes a connection, and tells on the loop whether it is there: up when it is, down when it could not be made, and
    /// down again when it is gone.
    func connect(to broker: BrokerID, _ purpose: Purpose, _ told: @escaping @Sendable (LinkChange) -> Void) {
        Task {
            do throws(MartletError) {
                let link = try await self.link(to: broker, purpose)
                loop.execute {
                    told(.up)
                    link.onClosed { told(.down(.connectionLost(link.name))) }
                }
            } catch {
                logger.debug("could not connect", metadata: ["broker": "\(name(of: broker))", "reason": "\(error)"])
                loop.execute { told(.down(error)) }
            }
        }
    }

    /// ``lookUp(_:avoiding:)`` with the result told on the loop.
    func lookUp(
        _ names: [String], avoiding silent: Set<BrokerID> = [],
        _ told: @escaping @Sendable (Result<[String: TopicLookup], MartletError>) -> Void
    ) {
        Task {
            do throws(MartletError) {
                let lookups = try await lookUp(names, avoiding: silent)
                loop.execute { told(.success(lookups)) }
            } catch {
                logger.debug("could not look up topics", metadata: ["topics": "\(names)", "reason": "\(error)"])
                loop.execute { told(.failure(error)) }
            }
        }
    }
}

// MARK: - Any broker

extension ClientCore {
    /// Runs `body` with a control connection to some broker: those that metadata named and the bootstrap addresses
    /// are tried in turn, beginning with the one that answered last. One round; throws the last failure.
    ///
    /// - Parameters:
    ///   - patience: How long one of them may take when there are others to ask; nil: as long as any request.
    ///   - silent: Brokers not to ask.
    nonisolated(nonsending) func withAnyBroker<Value>(
        patience: Duration? = nil, avoiding silent: Set<BrokerID> = [],
        _ body: (BrokerLink) async throws(MartletError) -> Value
    ) async throws(MartletError) -> Value {
        let (candidates, first, avoided) = state.withLock { state in
            let known = state.addresses.sorted { $0.key < $1.key }.map(\.value)
            let extra = configuration.bootstrap.filter { !known.contains($0) }
            return (known + extra, state.preferred, Set(silent.compactMap { state.addresses[$0] }))
        }
        var failures: [MartletError] = []
        for step in candidates.indices {
            let index = (first + step) % candidates.count
            if avoided.contains(candidates[index]) { continue }
            do throws(MartletError) {
                let link: BrokerLink
                if let patience, candidates.count > 1 {
                    let dial = min(patience, Self.lookupPatience)
                    link = try await self.link(to: candidates[index], .control, within: dial).impatient(patience)
                } else {
                    link = try await self.link(to: candidates[index], .control)
                }
                let value = try await body(link)
                state.withLock { $0.preferred = index }
                return value
            } catch {
                guard error.isRetriable else { throw error }
                failures.append(error)
            }
        }
        throw unreachable(failures)
    }

    private func unreachable(_ failures: [MartletError]) -> MartletError {
        if failures.isEmpty { return MartletError(.unreachable, "there is no other broker to ask") }
        if failures.count == 1 { return failures[0] }
        let each = failures.map { "\($0.broker ?? "?"): \($0.message)" }.joined(separator: "; ")
        return MartletError(failures.last?.code ?? .unreachable, "none of the brokers could answer: \(each)")
    }

    /// Repeats `body` over failures that may pass, with back-off, until ``ClientConfiguration/operationTimeout`` is
    /// over.
    nonisolated(nonsending) func retrying<Value>(
        _ what: String, _ body: () async throws(MartletError) -> Value
    ) async throws(MartletError) -> Value {
        let deadline = MonotonicTime.now() + configuration.operationTimeout
        var random = SystemRandomNumberGenerator()
        var failures = 0
        while true {
            do throws(MartletError) {
                return try await body()
            } catch {
                guard error.isRetriable else { throw error }
                failures += 1
                let delay = configuration.backoff.delay(afterFailures: failures, using: &random)
                guard MonotonicTime.now() + delay < deadline else {
                    throw error.givenUp(what, after: configuration.operationTimeout)
                }
                logger.debug(
                    "trying again", metadata: ["what": "\(what)", "after": "\(delay.text)", "because": "\(error)"])
                do { try await Task.sleep(for: delay) } catch {
                    throw MartletError(.cancelled, "\(what) was cancelled")
                }
            }
        }
    }
}

extension MartletError {
    fileprivate static func connectionLost(_ broker: String) -> MartletError {
        MartletError(
            .unreachable, "the connection to the broker at \(broker) was lost; check that it runs, and its log",
            broker: broker)
    }

    fileprivate func givenUp(_ what: String, after time: Duration) -> MartletError {
        var error = self
        error.message = "\(what) was given up after \(time.text): \(message)"
        return error
    }
}

// MARK: - Metadata

extension ClientCore {
    /// How long a broker may take to say who leads a topic, or where a group is, when others can be asked.
    static let lookupPatience = Duration.seconds(2)
    /// How long a broker may take to say how the cluster is, for which it asks others, when there is another to ask.
    static let surveyPatience = Duration.seconds(6)

    /// Asks some broker about topics, and learns the brokers' addresses on the way. One attempt.
    nonisolated(nonsending) func lookUp(
        _ names: [String], avoiding silent: Set<BrokerID> = []
    ) async throws(MartletError) -> [String: TopicLookup] {
        let (response, broker) = try await describe(
            DescribeTopicsRequest(names: names.map { Array($0.utf8) }), avoiding: silent)
        var lookups: [String: TopicLookup] = [:]
        for topic in response.topics {
            let name = String(decoding: topic.name, as: UTF8.self)
            lookups[name] = topic.lookup(name: name, broker: broker)
        }
        return lookups
    }

    /// One topic, tried again while failures may pass.
    nonisolated(nonsending) func topic(_ name: String) async throws(MartletError) -> TopicImage {
        try await retrying("looking up topic \(name)") { () async throws(MartletError) in
            guard let lookup = try await lookUp([name])[name] else {
                throw MartletError(.protocolViolation, "the broker's answer leaves out topic \(name)")
            }
            return try lookup.get()
        }
    }

    /// The answer, and the broker that gave it, as "host:port".
    nonisolated(nonsending) func describe(
        _ request: DescribeTopicsRequest, avoiding silent: Set<BrokerID> = []
    ) async throws(MartletError) -> (response: DescribeTopicsResponse, broker: String) {
        try await withAnyBroker(patience: Self.lookupPatience, avoiding: silent) { (link) async throws(MartletError) in
            let response = try await link.call(
                TopicsClient.Method.describeTopics, request, as: DescribeTopicsResponse.self)
            try learn(response, from: link)
            return (response, link.name)
        }
    }

    /// An image older than one seen before is not used: leaders would seem to go back.
    private func learn(_ response: DescribeTopicsResponse, from link: BrokerLink) throws(MartletError) {
        let isCurrent = state.withLock { state in
            guard response.metadataRevision >= state.revision else { return false }
            state.revision = response.metadataRevision
            for broker in response.brokers where (1...65535).contains(broker.port) {
                state.addresses[broker.id] = BrokerAddress(
                    host: String(decoding: broker.host, as: UTF8.self), port: Int(broker.port))
            }
            return true
        }
        guard isCurrent else {
            throw MartletError(
                .refused(.brokerUnavailable), "its cluster metadata is older than what another broker told",
                broker: link.name)
        }
    }
}

extension TopicDescription {
    func lookup(name: String, broker: String) -> TopicLookup {
        if error != 0 {
            return .failure(MartletError(answer: error, message: message, what: "topic \(name)", broker: broker))
        }
        guard let id = TopicID(bytes: topicID) else {
            return .failure(
                MartletError(.protocolViolation, "the broker told no usable id of topic \(name)", broker: broker))
        }
        var images = [PartitionImage](
            repeating: PartitionImage(leader: nil, leaderEpoch: -1), count: partitions.count)
        for partition in partitions where images.indices.contains(Int(partition.partition)) {
            images[Int(partition.partition)] = PartitionImage(
                leader: partition.leaderID >= 0 ? partition.leaderID : nil, leaderEpoch: partition.leaderEpoch)
        }
        return .success(TopicImage(name: name, id: id, partitions: images))
    }
}

extension MartletError {
    /// From an error number in an answer. `what`: what it is about, in front of the broker's words unless they name it.
    init(
        answer: Int32, message: String, what: String? = nil, broker: String? = nil,
        topicPartition: TopicPartition? = nil
    ) {
        let isNamed = what.map { message.contains($0) } ?? true
        let text = [isNamed ? nil : what, message.isEmpty ? nil : message].compactMap { $0 }.joined(separator: ": ")
        guard let code = ErrorCode(rawValue: answer) else {
            self.init(
                .protocolViolation, "error \(answer), which this client does not know: \(text)", broker: broker,
                topicPartition: topicPartition)
            return
        }
        self.init(
            .refused(code), message.isEmpty ? "\(text): \(code)" : text, broker: broker, topicPartition: topicPartition)
    }
}
