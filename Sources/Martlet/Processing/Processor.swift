internal import Logging
internal import MartletCore
internal import NIOCore
internal import Synchronization

/// The workers' side of ``Consumer/process(concurrency:options:_:)``: hands records out to them, tries again, and tells
/// the task that feeds them. Any thread.
final class Processor: Sendable {
    private struct State {
        var tracker: ProcessTracker
        /// Workers without work.
        var idle: [Eventual<Void>] = []
        /// Workers that wait to try again.
        var pauses: [UInt64: (partition: TopicPartition, over: Eventual<Void>)] = [:]
        var nextPause: UInt64 = 0
        var failure: (any Error)?
        var isStopped = false
        /// Raised by whatever the feeding task may wait for.
        var version: UInt64 = 0
        /// Records that were finished, ever.
        var finished: UInt64 = 0
        var random: RandomSource
    }

    private enum Outcome {
        case done
        /// It was given up, and comes again.
        case unfinished
        case failed(any Error)
    }

    private let options: ProcessOptions
    private let body: @Sendable (Record) async throws -> Void
    private let core: ClientCore
    private let metrics: ProcessMetrics
    private let wakeFeeder: @Sendable () -> Void
    private let state: Mutex<State>

    init(
        _ options: ProcessOptions, core: ClientCore, wakeFeeder: @escaping @Sendable () -> Void,
        body: @escaping @Sendable (Record) async throws -> Void
    ) {
        self.options = options
        self.core = core
        self.body = body
        self.wakeFeeder = wakeFeeder
        metrics = ProcessMetrics(clientName: core.configuration.clientName)
        state = Mutex(
            State(
                tracker: ProcessTracker(inFlightMax: options.inFlightMax),
                random: RandomSource(seed: .random(in: .min ... .max))))
    }

    // MARK: For the feeding task

    struct Status: Sendable {
        var version: UInt64
        var finished: UInt64
        var hasRoom: Bool
        var isEmpty: Bool
        var hasFailed: Bool
    }

    var status: Status {
        state.withLock { state in
            Status(
                version: state.version, finished: state.finished, hasRoom: state.tracker.hasRoom,
                isEmpty: state.tracker.inFlight == 0, hasFailed: state.failure != nil)
        }
    }

    var failure: (any Error)? { state.withLock { $0.failure } }

    func add(_ record: Record) {
        let worker = state.withLock { state in
            state.tracker.add(record)
            return state.idle.popLast()
        }
        worker?.fulfil(())
    }

    /// How far partitions may be committed.
    var positions: [TopicPartition: Offset] { state.withLock { $0.tracker.positions } }

    /// Nothing of these is begun any more; attempts to come are given up.
    func close(_ partitions: Set<TopicPartition>) {
        let pauses = state.withLock { state in
            state.tracker.close(partitions)
            return state.pauses.values.filter { partitions.contains($0.partition) }
        }
        for pause in pauses { pause.over.fulfil(()) }
    }

    func areIdle(_ partitions: Set<TopicPartition>) -> Bool {
        state.withLock { state in partitions.allSatisfy { state.tracker.isIdle($0) } }
    }

    func forget(_ partitions: Set<TopicPartition>) {
        close(partitions)
        state.withLock { $0.tracker.forget(partitions) }
    }

    /// Workers end once they are through with what they have; nothing else is begun.
    func stop() {
        let (idle, pauses) = state.withLock { state in
            state.isStopped = true
            defer { state.idle = [] }
            return (state.idle, state.pauses.values.map(\.over))
        }
        for waiter in idle + pauses { waiter.fulfil(()) }
    }

    // MARK: Workers

    /// One worker, until ``stop()`` or the task's cancellation.
    func work() async {
        while let job = await nextJob() {
            let outcome = await run(job)
            finish(job, outcome)
        }
    }

    private func nextJob() async -> ProcessTracker.Job? {
        while true {
            let (job, waiter, isOver) = state.withLock { state -> (ProcessTracker.Job?, Eventual<Void>?, Bool) in
                if state.isStopped || state.failure != nil { return (nil, nil, true) }
                if let job = state.tracker.take() { return (job, nil, false) }
                let waiter = Eventual<Void>()
                state.idle.append(waiter)
                return (nil, waiter, false)
            }
            if let job { return job }
            guard !isOver, let waiter else { return nil }
            do throws(MartletError) { try await waiter.value() } catch { return nil }
        }
    }

    private func run(_ job: ProcessTracker.Job) async -> Outcome {
        var attempts = 0
        while true {
            do {
                attempts += 1
                try await body(job.record)
                return .done
            } catch {
                if Task.isCancelled { return .unfinished }
                guard attempts < options.attempts else { return await finally(job, attempts, error) }
                metrics.retried()
                core.logger.debug(
                    "a record failed and is tried again",
                    metadata: job.record.place(["attempt": "\(attempts)", "reason": "\(error)"]))
                guard await pause(job, afterFailures: attempts) else { return .unfinished }
            }
        }
    }

    /// False when the record is not to be tried again: its partition goes, or the work ends.
    private func pause(_ job: ProcessTracker.Job, afterFailures failures: Int) async -> Bool {
        let over = Eventual<Void>()
        let partition = job.record.topicPartition
        let backoff = Backoff(first: options.retryBackoff, most: options.retryBackoffMax)
        let (id, delay) = state.withLock { state in
            state.nextPause += 1
            state.pauses[state.nextPause] = (partition, over)
            return (state.nextPause, backoff.delay(afterFailures: failures, using: &state.random))
        }
        let timer = core.loop.scheduleTask(in: .nanoseconds(delay.wholeNanoseconds)) { over.fulfil(()) }
        defer { timer.cancel() }
        let wasHeard = isWanted(job)
        if wasHeard { try? await over.value() }
        state.withLock { _ = $0.pauses.removeValue(forKey: id) }
        return wasHeard && !Task.isCancelled && isWanted(job)
    }

    private func isWanted(_ job: ProcessTracker.Job) -> Bool {
        state.withLock { !$0.isStopped && $0.failure == nil && !$0.tracker.isClosing(job.record.topicPartition) }
    }

    private func finally(_ job: ProcessTracker.Job, _ attempts: Int, _ error: any Error) async -> Outcome {
        switch options.lastFailure {
        case .stop:
            return .failed(error)
        case .skip:
            metrics.skipped()
            core.logger.error(
                "a record could not be processed and is skipped", metadata: job.record.place(["reason": "\(error)"]))
            return .done
        case .deadLetter(let topic, let producer):
            do throws(MartletError) {
                try await producer.sendDeadLetter(job.record, to: topic, attempts: attempts, error)
                metrics.deadLettered()
                core.logger.warning(
                    "a record could not be processed and was put aside",
                    metadata: job.record.place(["to": "\(topic)", "reason": "\(error)"]))
                return .done
            } catch {
                return error.code == .cancelled ? .unfinished : .failed(error)
            }
        }
    }

    private func finish(_ job: ProcessTracker.Job, _ outcome: Outcome) {
        state.withLock { state in
            switch outcome {
            case .done:
                state.tracker.finish(job, isDone: true)
                state.finished += 1
            case .unfinished:
                state.tracker.finish(job, isDone: false)
            case .failed(let error):
                state.tracker.finish(job, isDone: false)
                state.failure = state.failure ?? error
            }
            state.version += 1
        }
        if case .done = outcome { metrics.processed() }
        wakeFeeder()
    }
}

extension Record {
    fileprivate func place(_ more: Logger.Metadata) -> Logger.Metadata {
        more.merging(["partition": "\(topicPartition)", "offset": "\(offset)"]) { own, _ in own }
    }
}

extension Producer {
    /// Returns once it is acknowledged.
    fileprivate func sendDeadLetter(
        _ record: Record, to topic: String, attempts: Int, _ error: any Error
    ) async throws(MartletError) {
        let notes = [
            ("martlet-source-topic", record.topic), ("martlet-source-partition", "\(record.partition)"),
            ("martlet-source-offset", "\(record.offset)"), ("martlet-attempts", "\(attempts)"),
            ("martlet-error", "\(error)"),
        ]
        let headers = record.headers + notes.map { RecordHeader(key: $0.0, value: Array($0.1.utf8)) }
        let handle = try await send(topic: topic, key: record.key, value: record.value, headers: headers)
        _ = try await handle.delivery()
    }
}
