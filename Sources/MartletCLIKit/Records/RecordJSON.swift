internal import MartletCore

/// A record as one JSON object on a line: what `consume --json` and `log inspect --records --json` print, and what
/// `produce --json` reads.
///
/// `{"topic":"t","partition":0,"offset":7,"timestamp":1700000000000,"key":"k","value":"v","headers":[]}`; a key, value
/// or header value that is not UTF-8 stands as `key_base64` or `value_base64` instead; none is `null`.
package struct RecordJSON {
    /// `{"topic":"...","partition":`
    private let prefix: [UInt8]

    package init(topic: String) {
        var sink = ByteSink()
        sink.append(#"{"topic":"#)
        sink.append(json: topic)
        sink.append(#","partition":"#)
        prefix = Array(sink.bytes)
    }

    /// Appends the object and a newline.
    package func append(_ record: RecordFields, to sink: inout ByteSink) {
        sink.append(prefix)
        sink.append(Int64(record.partition))
        sink.append(#","offset":"#)
        sink.append(record.offset)
        sink.append(#","timestamp":"#)
        sink.append(record.timestamp)
        sink.append(",")
        Self.append("key", record.key, to: &sink)
        sink.append(",")
        Self.append("value", record.value, to: &sink)
        sink.append(#","headers":["#)
        for (index, header) in record.headers.enumerated() {
            sink.append(index == 0 ? #"{"key":"# : #",{"key":"#)
            sink.append(json: header.key)
            sink.append(",")
            if let value = header.value {
                value.withUnsafeBytes { Self.append("value", $0, to: &sink) }
            } else {
                Self.append("value", nil, to: &sink)
            }
            sink.append("}")
        }
        sink.append("]}\n")
    }

    /// `"name":"text"`, `"name_base64":"..."` or `"name":null`.
    private static func append(_ name: StaticString, _ bytes: UnsafeRawBufferPointer?, to sink: inout ByteSink) {
        let start = sink.count
        sink.append("\"")
        sink.append(name)
        sink.append("\":")
        guard let bytes else { return sink.append("null") }
        guard !sink.appendIfText(json: bytes) else { return }
        sink.truncate(to: start)
        sink.append("\"")
        sink.append(name)
        sink.append(#"_base64":""#)
        Base64.encode(bytes, to: &sink)
        sink.append("\"")
    }
}
