internal import GRPCCore
internal import Logging
internal import MartletMetadata
internal import Synchronization

/// Keeps one feed going over as many watches as it takes: a watch ends with its member, the feed does not. One for each
/// feed; its task runs it.
final class EtcdFeed: Sendable {
    /// A feed whose reader is this many updates behind ends; the reader starts again from an image.
    static let depthMax = 65_536
    /// A watch may be silent for hours: this often its member is asked whether it is there.
    private static let checkInterval = Duration.seconds(3)
    private static let pauseMin = Duration.milliseconds(50)
    private static let pauseMax = Duration.seconds(1)

    /// How a watch ended.
    private enum End: Sendable {
        case readerIsGone
        /// Another watch goes on.
        case interrupted(String)
        case behind(Revision)
        case failed(MetadataError)
    }

    /// Whether etcd has said anything on a watch: the first thing, at once, is that it is open.
    private final class Flag: Sendable {
        private let value = Atomic(false)

        var isSet: Bool { value.load(ordering: .relaxed) }
        func set() { value.store(true, ordering: .relaxed) }
    }

    private let client: EtcdClient
    private let logger: Logger
    private let reader: MetadataFeed.Continuation
    /// What the reader has been given, whatever becomes of the watch that gave it.
    private let machine: Mutex<WatchMachine>

    init(_ machine: WatchMachine, client: EtcdClient, reader: MetadataFeed.Continuation, logger: Logger) {
        self.machine = Mutex(machine)
        self.client = client
        self.reader = reader
        self.logger = logger
    }

    private var revision: Revision { machine.withLock { $0.revision } }

    /// Returns when the task is cancelled, the reader is gone, or the feed cannot go on.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            let from = revision
            let end = await watch(at: client.member(round: failures))
            if revision > from { failures = 0 }
            switch end {
            case .readerIsGone:
                return
            case .failed(let error):
                reader.finish(throwing: error)
                return
            case .behind(let found):
                if let error = await rolledBack() {
                    reader.finish(throwing: error)
                    return
                }
                note("etcd's member is at revision \(found), this feed at \(revision)", failures)
            case .interrupted(let reason):
                note(reason, failures)
            }
            failures += 1
            // Cancelled while it sleeps: the loop's condition says so.
            try? await Task.sleep(for: min(Self.pauseMax, Self.pauseMin * (1 << min(failures, 5))))
        }
    }

    /// One watch, until it ends or its member no longer answers.
    private func watch(at member: EtcdMember) async -> End {
        let isOpen = Flag()
        return await withTaskGroup(of: End?.self) { group in
            group.addTask { await self.receive(from: member, isOpen) }
            group.addTask { await self.guardSilence(of: member, isOpen) }
            // The first to end ends the other. A guard that was cancelled has nothing to say.
            let first = await group.next() ?? nil
            group.cancelAll()
            let second = await group.next() ?? nil
            return first ?? second ?? .interrupted("the watch was cancelled")
        }
    }

    private func receive(from member: EtcdMember, _ isOpen: Flag) async -> End {
        let request = machine.withLock { $0.request }
        let end = Mutex<End?>(nil)
        do {
            try await client.watch(request, at: member) { responses in
                let taken = await self.take(responses, isOpen)
                end.withLock { $0 = taken }
            }
        } catch {
            return end.withLock { $0 } ?? .interrupted(error.message)
        }
        return end.withLock { $0 } ?? .interrupted("etcd ended the watch")
    }

    private func guardSilence(of member: EtcdMember, _ isOpen: Flag) async -> End? {
        let opensUntil = ContinuousClock.now + client.callTimeout
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: Self.checkInterval)
            } catch {
                return nil
            }
            if await !client.isAlive(member), !Task.isCancelled {
                return .interrupted("etcd at \(member.endpoint) no longer answers")
            }
            if !isOpen.isSet, opensUntil < .now, !Task.isCancelled {
                return .interrupted("etcd at \(member.endpoint) does not open the watch")
            }
        }
        return nil
    }

    private func take(_ responses: RPCAsyncSequence<WatchResponse, any Error>, _ isOpen: Flag) async -> End {
        do {
            for try await response in responses {
                isOpen.set()
                // Under the lock: what the machine counts as told is told.
                let end = try machine.withLock { machine throws(MetadataError) -> End? in
                    switch try machine.receive(response) {
                    case .updates(let updates): pass(updates)
                    case .behind(let revision): .behind(revision)
                    case .canceled(let reason): .interrupted("etcd canceled the watch: \(reason)")
                    }
                }
                if let end { return end }
            }
            return .interrupted("etcd ended the watch")
        } catch let error as MetadataError {
            return .failed(error)
        } catch {
            return .interrupted("the watch broke: \(error)")
        }
    }

    /// Nil: all of them are the reader's.
    private func pass(_ updates: [MetadataUpdate]) -> End? {
        for update in updates {
            switch reader.yield(update) {
            case .enqueued: continue
            case .terminated: return .readerIsGone
            case .dropped:
                return .failed(MetadataError(.revisionCompacted, "the feed's reader is too far behind"))
            @unknown default: continue
            }
        }
        return nil
    }

    /// A member may lag; the store as a whole may not.
    private func rolledBack() async -> MetadataError? {
        do {
            let now = try await client.revision()
            return now < revision ? ImageReader.wentBack(from: revision, to: now) : nil
        } catch {
            return nil
        }
    }

    /// Says once that the feed is interrupted, not at each try.
    private func note(_ reason: String, _ failures: Int) {
        guard !Task.isCancelled else { return }
        // The watch may have been refused for an old token, which etcd does not tell from missing rights.
        client.forgetToken()
        logger.log(
            level: failures == 0 ? .warning : .debug, "the metadata feed is interrupted and tried again",
            metadata: ["reason": "\(reason)"])
    }
}
