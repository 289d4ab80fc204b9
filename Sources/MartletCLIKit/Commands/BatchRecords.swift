internal import MartletCore
internal import MartletStorage

/// The records of batches as they lie on disk.
struct BatchRecords {
    private let partition: PartitionIndex
    private let printer: RecordPrinter

    init(_ partition: OfflinePartition, json: Bool) {
        self.partition = partition.partition ?? -1
        printer = json ? .json(RecordJSON(topic: partition.topic)) : .template(.inspection)
    }

    /// Walks the records of a batch whose checksum is right. Those that are compressed by a codec that Martlet does not
    /// unpack pass.
    func check(_ batch: UnsafeRawBufferPointer) throws(BatchError) {
        let header = try BatchCodec.readHeader(batch, sizeLimit: batch.count)
        guard header.compression.isSupported else { return }
        try BatchCodec.checkRecords(of: batch, header: header, unpackedLimit: Limits.unpackedBytes)
    }

    /// Prints the records of a batch that ``check(_:)`` let pass. Control batches hold none of anybody's.
    func print(_ batch: UnsafeRawBufferPointer, to output: inout StandardOutput) throws {
        let header = try BatchCodec.readHeader(batch, sizeLimit: batch.count)
        guard header.compression.isSupported, !header.isControl else { return }
        var unpacked = UnpackBuffer()
        let records = try unpacked.records(of: batch, header: header, limit: Limits.unpackedBytes)
        var iterator = RecordIterator(header: header, records: records)
        while let record = try iterator.next() {
            printer.append(
                RecordFields(
                    partition: partition, offset: record.offset, timestamp: record.timestamp, key: record.key,
                    value: record.value,
                    headers: record.headers.map { RecordHeader(key: $0.name, value: $0.value.map { Array($0) }) }),
                to: &output.sink)
            try output.flushIfFull()
        }
    }
}
