internal import Logging
internal import MartletCore
internal import MartletStorage
internal import NIOCore
internal import Synchronization

/// Replaces damaged batches by those of other replicas (RULES 17). Any thread.
///
/// What is damaged is not read meanwhile, and is asked for again until it is repaired, or the whole replica was copied
/// anew: replicas that have it may be away for a while.
final class Repairer: Sendable {
    /// Of one answer; a larger batch comes alone.
    private static let bytesMax = 8 << 20
    private static let timeout = Duration.seconds(10)

    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var count = 0
        var isStopped = false
    }

    private let logger: Logger
    private let state = Mutex(State())

    init(logger: Logger) {
        self.logger = logger
    }

    /// Begins to look for sound copies of `offsets`. `sources` are asked in order; they may be others every time.
    func repair(
        _ partition: Partition, _ offsets: Range<Offset>, on disk: BlockingQueue,
        from sources: @escaping @Sendable () -> [any Peer]
    ) {
        state.withLock { state in
            guard !state.isStopped else { return }
            let number = state.count
            state.count += 1
            state.tasks[number] = Task {
                await self.run(partition, offsets, disk, sources)
                self.state.withLock { $0.tasks[number] = nil }
            }
        }
    }

    func stop() {
        let tasks = state.withLock { state in
            defer { state.tasks = [:] }
            state.isStopped = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
    }

    private func run(
        _ partition: Partition, _ offsets: Range<Offset>, _ disk: BlockingQueue, _ sources: @Sendable () -> [any Peer]
    ) async {
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled, !partition.log.isOffline,
            partition.log.damages.contains(where: { $0.offsets.overlaps(offsets) })
        {
            let peers = sources()
            defer { for peer in peers { peer.close() } }
            for peer in peers {
                do throws(BrokerError) {
                    return try await copy(offsets, of: partition, from: peer, disk)
                } catch {
                    logger.warning(
                        "a damaged range was not repaired; other replicas are asked, and later all of them again",
                        metadata: [
                            "partition": "\(partition.name)", "offsets": "\(offsets)", "reason": "\(error.message)",
                        ])
                }
            }
            // Cancelled while it sleeps: the loop's condition says so.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(60))
        }
    }

    private func copy(
        _ offsets: Range<Offset>, of partition: Partition, from peer: any Peer, _ disk: BlockingQueue
    ) async throws(BrokerError) {
        var next = offsets.lowerBound
        while next < offsets.upperBound {
            let query = RepairQuery(id: partition.id, offsets: next..<offsets.upperBound, maxBytes: Self.bytesMax)
            let batches = try await peer.readForRepair(query, timeout: Self.timeout).get()
            let from = next
            next = try await disk.run { () throws(BrokerError) in
                try partition.repair(with: batches, from: from)
            }.get()
        }
    }
}

extension Partition {
    /// Writes another replica's batches over damaged ones. Blocks.
    /// - Returns: where the batches end.
    fileprivate func repair(with batches: ByteBuffer, from offset: Offset) throws(BrokerError) -> Offset {
        do {
            return try batches.withUnsafeReadableBytes { bytes in
                guard let end = try Self.end(of: bytes), end > offset else {
                    throw BrokerError(.offsetOutOfRange, "the other replica has nothing at offset \(offset)")
                }
                switch try log.repair(with: bytes, from: offset) {
                case .repaired:
                    noteRepair(true)
                    return end
                case .mustBeCopiedAnew(let reason):
                    noteRepair(false)
                    throw BrokerError(.kafkaStorageError, "\(reason); the replica has to be copied anew")
                }
            }
        } catch let error as BrokerError {
            throw error
        } catch let error as StorageError {
            throw BrokerError(error)
        } catch {
            throw BrokerError(.corruptMessage, "the other replica's batches are not usable: \(error)")
        }
    }

    /// Behind the last of whole batches; nil when there is none.
    private static func end(of bytes: UnsafeRawBufferPointer) throws(BatchError) -> Offset? {
        var end: Offset?
        var rest = bytes
        while !rest.isEmpty {
            let header = try BatchCodec.readHeader(rest, sizeLimit: rest.count)
            end = header.nextOffset
            rest = UnsafeRawBufferPointer(rebasing: rest[header.sizeBytes...])
        }
        return end
    }
}
