internal import CMartletBatch

/// A walk over a batch's uncompressed records. Borrows their bytes: it must not outlive them. Allocates nothing.
package struct RecordIterator {
    private var iterator = mlog_record_iterator()

    /// `records` are those of the checked batch that `header` belongs to, from
    /// ``UnpackBuffer/records(of:header:limit:)``.
    package init(header: BatchHeader, records: UnsafeRawBufferPointer) {
        var raw = header.raw
        mlog_records_begin(&raw, records.start, records.count, &iterator)
    }

    /// The next record; nil after the last. Throws `badRecord` where the bytes are not what the header says, and
    /// again at every later call.
    package mutating func next() throws(BatchError) -> RecordView? {
        var record = mlog_record()
        let found = mlog_records_next(&iterator, &record)
        if found > 0 { return RecordView(record) }
        if found < 0 { throw .badRecord }
        return nil
    }

    /// Visits the records that are left and whose offset is `first` or higher, in order.
    package mutating func forEach(
        from first: Offset = .min, _ body: (borrowing RecordView) throws -> Void
    ) throws {
        var record = mlog_record()
        while true {
            let found = mlog_records_next(&iterator, &record)
            guard found > 0 else {
                if found < 0 { throw BatchError.badRecord }
                return
            }
            if record.offset >= first { try body(RecordView(record)) }
        }
    }
}
