public import MartletCore

// The same for other kinds of bytes. All of them copy the bytes once, into the batch.

extension Producer {
    /// Text, as UTF-8. See
    /// ``trySend(topic:key:value:headers:timestamp:partition:)-(_,UnsafeRawBufferPointer?,_,_,_,_)``.
    public func trySend(
        topic: String, key: String? = nil, value: String?, headers: [RecordHeader] = [], timestamp: TimestampMs? = nil,
        partition: PartitionIndex? = nil
    ) throws(MartletError) -> DeliveryHandle? {
        try Bytes.of(key) { key throws(MartletError) in
            try Bytes.of(value) { value throws(MartletError) in
                try trySend(
                    topic: topic, key: key, value: value, headers: headers, timestamp: timestamp, partition: partition)
            }
        }
    }

    /// A key of text. See
    /// ``trySend(topic:key:value:headers:timestamp:partition:)-(_,UnsafeRawBufferPointer?,_,_,_,_)``.
    public func trySend(
        topic: String, key: String, value: [UInt8], headers: [RecordHeader] = [], timestamp: TimestampMs? = nil,
        partition: PartitionIndex? = nil
    ) throws(MartletError) -> DeliveryHandle? {
        try Bytes.of(key) { key throws(MartletError) in
            try Bytes.of(value) { value throws(MartletError) in
                try trySend(
                    topic: topic, key: key, value: value, headers: headers, timestamp: timestamp, partition: partition)
            }
        }
    }

    /// Arrays. See ``trySend(topic:key:value:headers:timestamp:partition:)-(_,UnsafeRawBufferPointer?,_,_,_,_)``.
    public func trySend(
        topic: String, key: [UInt8]? = nil, value: [UInt8]?, headers: [RecordHeader] = [],
        timestamp: TimestampMs? = nil, partition: PartitionIndex? = nil
    ) throws(MartletError) -> DeliveryHandle? {
        try Bytes.of(key) { key throws(MartletError) in
            try Bytes.of(value) { value throws(MartletError) in
                try trySend(
                    topic: topic, key: key, value: value, headers: headers, timestamp: timestamp, partition: partition)
            }
        }
    }

    /// Borrowed bytes. See
    /// ``trySend(topic:key:value:headers:timestamp:partition:)-(_,UnsafeRawBufferPointer?,_,_,_,_)``.
    public func trySend(
        topic: String, key: Span<UInt8>, value: Span<UInt8>, headers: [RecordHeader] = [],
        timestamp: TimestampMs? = nil, partition: PartitionIndex? = nil
    ) throws(MartletError) -> DeliveryHandle? {
        try key.withUnsafeBytes { key throws(MartletError) in
            try value.withUnsafeBytes { value throws(MartletError) in
                try trySend(
                    topic: topic, key: key, value: value, headers: headers, timestamp: timestamp, partition: partition)
            }
        }
    }

    /// Borrowed bytes, no key. See
    /// ``trySend(topic:key:value:headers:timestamp:partition:)-(_,UnsafeRawBufferPointer?,_,_,_,_)``.
    public func trySend(
        topic: String, value: Span<UInt8>, headers: [RecordHeader] = [], timestamp: TimestampMs? = nil,
        partition: PartitionIndex? = nil
    ) throws(MartletError) -> DeliveryHandle? {
        try value.withUnsafeBytes { value throws(MartletError) in
            try trySend(
                topic: topic, key: nil, value: value, headers: headers, timestamp: timestamp, partition: partition)
        }
    }

    /// Text, as UTF-8. Waits as the `send` of raw bytes does.
    nonisolated(nonsending) public func send(
        topic: String, key: String? = nil, value: String?, headers: [RecordHeader] = [], timestamp: TimestampMs? = nil,
        partition: PartitionIndex? = nil
    ) async throws(MartletError) -> DeliveryHandle {
        while true {
            if let handle = try trySend(
                topic: topic, key: key, value: value, headers: headers, timestamp: timestamp, partition: partition)
            {
                return handle
            }
            let bytes = OutgoingRecord.charge(
                bytes: (key?.utf8.count ?? 0) + (value?.utf8.count ?? 0), headers: headers)
            try await waitUntilReady(topic: topic, bytes: bytes)
        }
    }

    /// A key of text. Waits as the `send` of raw bytes does.
    nonisolated(nonsending) public func send(
        topic: String, key: String, value: [UInt8], headers: [RecordHeader] = [], timestamp: TimestampMs? = nil,
        partition: PartitionIndex? = nil
    ) async throws(MartletError) -> DeliveryHandle {
        while true {
            if let handle = try trySend(
                topic: topic, key: key, value: value, headers: headers, timestamp: timestamp, partition: partition)
            {
                return handle
            }
            let bytes = OutgoingRecord.charge(bytes: key.utf8.count + value.count, headers: headers)
            try await waitUntilReady(topic: topic, bytes: bytes)
        }
    }

    /// Arrays. Waits as the `send` of raw bytes does.
    nonisolated(nonsending) public func send(
        topic: String, key: [UInt8]? = nil, value: [UInt8]?, headers: [RecordHeader] = [],
        timestamp: TimestampMs? = nil, partition: PartitionIndex? = nil
    ) async throws(MartletError) -> DeliveryHandle {
        while true {
            if let handle = try trySend(
                topic: topic, key: key, value: value, headers: headers, timestamp: timestamp, partition: partition)
            {
                return handle
            }
            let bytes = OutgoingRecord.charge(bytes: (key?.count ?? 0) + (value?.count ?? 0), headers: headers)
            try await waitUntilReady(topic: topic, bytes: bytes)
        }
    }
}

private enum Bytes {
    /// Lends the bytes of a string.
    @inline(__always)
    static func of<Result>(
        _ text: String?, _ body: (UnsafeRawBufferPointer?) throws(MartletError) -> Result
    ) throws(MartletError) -> Result {
        guard var text else { return try body(nil) }
        var outcome: Swift.Result<Result, MartletError>?
        text.withUTF8 { bytes in
            outcome = Swift.Result { () throws(MartletError) in try body(UnsafeRawBufferPointer(bytes)) }
        }
        // Set by the closure above, which ran.
        return try outcome!.get()
    }

    /// Lends the bytes of an array.
    @inline(__always)
    static func of<Result>(
        _ array: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws(MartletError) -> Result
    ) throws(MartletError) -> Result {
        guard let array else { return try body(nil) }
        return try array.span.withUnsafeBytes { bytes throws(MartletError) in try body(bytes) }
    }
}
