internal import GRPCCore
internal import Logging
internal import MartletMetadata

/// Keeps one feed going over as many watches as it takes: a watch ends with its member, the feed does not.
struct EtcdFeed: Sendable {
    /// A feed whose reader is this many updates behind ends; the reader starts again from an image.
    static let depthMax = 65_536
    private static let pauseMin = Duration.milliseconds(50)
    private static let pauseMax = Duration.seconds(1)

    /// How one watch ended, and what it came to.
    private struct Watched: Sendable {
        var machine: WatchMachine
        var end: End
    }

    private enum End: Sendable {
        case readerIsGone
        /// Another watch goes on.
        case interrupted(String)
        case behind(Revision)
        case failed(MetadataError)
    }

    let client: EtcdClient
    let logger: Logger

    /// Returns when the task is cancelled, the reader is gone, or the feed cannot go on.
    func run(_ start: WatchMachine, into reader: MetadataFeed.Continuation) async {
        var machine = start
        var failures = 0
        while !Task.isCancelled {
            let from = machine.revision
            let watched = await watch(machine, round: failures, reader)
            machine = watched.machine
            if machine.revision > from { failures = 0 }
            switch watched.end {
            case .readerIsGone:
                return
            case .failed(let error):
                reader.finish(throwing: error)
                return
            case .behind(let revision):
                if let error = await rolledBack(machine.revision) {
                    reader.finish(throwing: error)
                    return
                }
                note("etcd's member is at revision \(revision), this feed at \(machine.revision)", failures)
            case .interrupted(let reason):
                note(reason, failures)
            }
            failures += 1
            // Cancelled while it sleeps: the loop's condition says so.
            try? await Task.sleep(for: min(Self.pauseMax, Self.pauseMin * (1 << min(failures, 5))))
        }
    }

    private func watch(
        _ start: WatchMachine, round: Int, _ reader: MetadataFeed.Continuation
    ) async -> Watched {
        do {
            return try await client.watch(start.request, round: round) { responses in
                await Self.take(responses, start, reader)
            }
        } catch {
            return Watched(machine: start, end: .interrupted(error.message))
        }
    }

    private static func take(
        _ responses: RPCAsyncSequence<WatchResponse, any Error>, _ start: WatchMachine,
        _ reader: MetadataFeed.Continuation
    ) async -> Watched {
        var machine = start
        do {
            for try await response in responses {
                switch try machine.receive(response) {
                case .updates(let updates):
                    for update in updates {
                        switch reader.yield(update) {
                        case .enqueued: break
                        case .terminated: return Watched(machine: machine, end: .readerIsGone)
                        case .dropped:
                            let error = MetadataError(.revisionCompacted, "the feed's reader is too far behind")
                            return Watched(machine: machine, end: .failed(error))
                        @unknown default: break
                        }
                    }
                case .behind(let revision): return Watched(machine: machine, end: .behind(revision))
                case .canceled(let reason):
                    return Watched(machine: machine, end: .interrupted("etcd canceled the watch: \(reason)"))
                }
            }
            return Watched(machine: machine, end: .interrupted("etcd ended the watch"))
        } catch let error as MetadataError {
            return Watched(machine: machine, end: .failed(error))
        } catch {
            return Watched(machine: machine, end: .interrupted("the watch broke: \(error)"))
        }
    }

    /// A member may lag; the store as a whole may not.
    private func rolledBack(_ revision: Revision) async -> MetadataError? {
        do {
            let now = try await client.revision()
            return now < revision ? ImageReader.wentBack(from: revision, to: now) : nil
        } catch {
            return nil
        }
    }

    /// Says once that the feed is interrupted, not at each try.
    private func note(_ reason: String, _ failures: Int) {
        // The watch may have been refused for an old token, which etcd does not tell from missing rights.
        client.forgetToken()
        logger.log(
            level: failures == 0 ? .warning : .debug, "the metadata feed is interrupted and tried again",
            metadata: ["reason": "\(reason)"])
    }
}
