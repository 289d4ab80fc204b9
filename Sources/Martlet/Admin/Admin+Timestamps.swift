public import MartletCore
internal import MartletProtocol
internal import MartletRPC
internal import NIOCore

extension Admin {
    /// When the first record at or after an offset was written: for an offset that a group has committed, since when
    /// it has something to read. An offset that is no longer kept counts as the first that is.
    ///
    /// - Returns: For each partition a timestamp in milliseconds since 1970; none where there is no such record yet.
    ///   Costs a fetch of a batch for each partition.
    nonisolated(nonsending) public func timestamps(
        at offsets: [TopicPartition: Offset]
    ) async throws(MartletError) -> [TopicPartition: TimestampMs] {
        let starts = try await core.offsets(for: offsets.mapValues { _ in .earliest })
        let positions = offsets.merging(starts.mapValues(\.offset)) { max($0, $1) }
        let partitions = Array(offsets.keys)
        let what = "reading timestamps"
        let found = try await core.atLeaders(partitions, what) { (link, items) async throws(MartletError) in
            var answers: [LeaderAnswer<TimestampMs?>] = []
            for item in items {
                answers.append(try await firstTimestamp(of: item, from: positions[item.topicPartition] ?? 0, link))
            }
            return answers
        }
        return found.compactMapValues { $0 }
    }

    nonisolated(nonsending) private func firstTimestamp(
        of item: LedPartition, from offset: Offset, _ link: BrokerLink
    ) async throws(MartletError) -> LeaderAnswer<TimestampMs?> {
        var offset = offset
        // More than one batch only where compaction has left none of a batch's records.
        while true {
            let (result, bytes) = try await fetch(item, from: offset, link)
            guard let result else { return LeaderAnswer(error: 0, message: "", value: nil) }
            guard result.error == ErrorCode.none.rawValue else {
                return LeaderAnswer(error: result.error, message: result.message, value: nil)
            }
            var chunk = FetchedChunk(
                bytes, broker: link.name, topicPartition: item.topicPartition, position: offset)
            while let batch = chunk.takeFirst() {
                let batch = try ConsumedBatch(
                    batch, topicPartition: item.topicPartition, from: offset, highWatermark: result.highWatermark)
                if let first = try batch.firstTimestamp() { return LeaderAnswer(error: 0, message: "", value: first) }
                offset = batch.nextOffset
            }
            if let failure = chunk.failure { throw failure }
            guard bytes.readableBytes > 0 else { return LeaderAnswer(error: 0, message: "", value: nil) }
        }
    }

    /// Nil: there is nothing at that offset yet.
    nonisolated(nonsending) private func fetch(
        _ item: LedPartition, from offset: Offset, _ link: BrokerLink
    ) async throws(MartletError) -> (FetchPartitionResult?, ByteBuffer) {
        let request = FetchRequest(
            maxBytes: 64 << 10,
            partitions: [
                FetchPartition(
                    topicID: item.topicID.bytes, partition: item.topicPartition.partition,
                    leaderEpoch: item.leaderEpoch, fetchOffset: offset, lastFetchedEpoch: -1, maxBytes: 4 << 10)
            ])
        do throws(RPCFailure) {
            let reply: RPCReply<FetchResponse> = try await link.caller.call(
                RecordsClient.Method.fetch, request, attachment: [],
                timeout: core.configuration.requestTimeout)
            return (reply.message.partitions.first, reply.attachment)
        } catch {
            throw error.martletError(broker: link.name, topicPartition: item.topicPartition)
        }
    }
}

extension ConsumedBatch {
    /// Of the first record from where reading began; nil when there is none.
    fileprivate func firstTimestamp() throws(MartletError) -> TimestampMs? {
        var first: TimestampMs?
        do {
            try forEachRecord { if first == nil { first = $0.timestamp } }
        } catch {
            throw error as? MartletError ?? MartletError(.corruptBatch, "\(error)", topicPartition: topicPartition)
        }
        return first
    }
}
