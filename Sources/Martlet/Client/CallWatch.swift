internal import Logging
internal import MartletCore
internal import NIOCore

/// Runs a ``SilenceWatch`` for a producer, a consumer or an admin's call. Used on the client's event loop, unless it
/// says otherwise.
struct CallWatch: Sendable {
    private let core: ClientCore
    private let watch: NIOLoopBoundBox<SilenceWatch>
    private let isArmed: NIOLoopBoundBox<Bool>

    init(core: ClientCore) {
        self.core = core
        watch = .makeBoxSendingValue(SilenceWatch(), eventLoop: core.loop)
        isArmed = .makeBoxSendingValue(false, eventLoop: core.loop)
    }

    /// A call to a leader is on its way; ``ended(_:)`` is to be told what this returns.
    func began(
        at broker: BrokerID, allowed: Duration = .zero,
        partitions: @escaping @Sendable () -> [TopicPartition: LeaderEpoch]
    ) -> UInt64 {
        let call = watch.value.began(at: broker, allowed: allowed, now: .now(), partitions: partitions)
        arm()
        return call
    }

    func ended(_ call: UInt64) {
        watch.value.ended(call)
    }

    /// Awaits `body`, which calls a leader about `partitions`. Any task, on any thread.
    nonisolated(nonsending) func watching<Value>(
        _ broker: BrokerID, _ partitions: [LedPartition], _ body: () async throws(MartletError) -> Value
    ) async throws(MartletError) -> Value {
        let epochs = Dictionary(partitions.map { ($0.topicPartition, $0.leaderEpoch) }, uniquingKeysWith: max)
        let call = await withCheckedContinuation { continuation in
            core.loop.execute { continuation.resume(returning: began(at: broker) { epochs }) }
        }
        defer { core.loop.execute { ended(call) } }
        return try await body()
    }

    /// One timer for all calls: most are answered long before it, and it finds nothing then.
    private func arm() {
        guard !isArmed.value, let moment = watch.value.nextMoment else { return }
        isArmed.value = true
        let delay = TimeAmount.nanoseconds(max((moment - .now()).wholeNanoseconds, 0))
        core.loop.scheduleTask(in: delay) {
            isArmed.value = false
            look()
        }
    }

    private func look() {
        guard let (topics, silent) = watch.value.takeDue(now: .now()) else { return arm() }
        core.lookUp(topics.sorted(), avoiding: silent) { result in
            let lookups = (try? result.get()) ?? [:]
            for broker in watch.value.heard(lookups, now: .now()) {
                core.logger.warning(
                    "a broker does not answer and has been replaced as leader: its connections are given up",
                    metadata: ["broker": "\(core.name(of: broker))"])
                core.drop(broker)
            }
            arm()
        }
    }
}
