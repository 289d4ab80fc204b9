internal import MartletCore
internal import MartletStorage

/// What `log inspect --json` prints of segments and batches.
enum LogJSON {
    static func segment(_ partition: OfflinePartition, _ base: Offset, _ findings: OfflineFindings) -> String {
        var object = JSONObject()
        object.add("type", "segment")
        object.add("topic", partition.topic)
        object.add("partition", partition.partition)
        object.add("path", partition.path(base))
        object.add("base_offset", base)
        object.add("next_offset", findings.nextOffset)
        object.add("batches", findings.batches)
        object.add("records", findings.records)
        object.add("bytes", findings.end)
        object.add("file_bytes", findings.fileBytes)
        object.add("max_timestamp", findings.maxTimestamp < 0 ? nil : findings.maxTimestamp)
        object.add("index_ok", findings.index == .sound)
        object.add("damages", objects: findings.damages) { object, damage in
            object.add("position", damage.position)
            object.add("offset", damage.offset)
            object.add("reason", damage.reason)
            object.add("bytes_behind", damage.bytes)
            object.add("valid_batch_at", damage.validBatchAt)
        }
        return object.line()
    }

    static func batch(_ segment: OfflineSegment, _ batch: OfflineBatch) -> String {
        var object = JSONObject()
        object.add("type", "batch")
        object.add("topic", segment.partition.topic)
        object.add("partition", segment.partition.partition)
        object.add("segment", segment.baseOffset)
        object.add("position", batch.position)
        object.add("base_offset", batch.baseOffset)
        object.add("last_offset", batch.lastOffset)
        object.add("records", batch.recordCount)
        object.add("bytes", batch.sizeBytes)
        object.add("leader_epoch", batch.leaderEpoch)
        object.add("max_timestamp", batch.maxTimestamp)
        object.add("compression", batch.compression.map { "\($0)" })
        object.add("producer_id", batch.producerID)
        object.add("producer_epoch", batch.producerEpoch)
        object.add("base_sequence", batch.baseSequence)
        object.add("control", batch.isControl)
        return object.line()
    }
}
