/// One JSON object on a line, member by member, in the order given.
package struct JSONObject: ~Copyable {
    private var sink = ByteSink(capacity: 256)
    private var isFirst = true

    package init() {
        sink.append("{")
    }

    private mutating func name(_ name: StaticString) {
        if !isFirst { sink.append(",") }
        isFirst = false
        sink.append("\"")
        sink.append(name)
        sink.append("\":")
    }

    package mutating func add(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { sink.append(json: value) } else { sink.append("null") }
    }

    package mutating func add(_ name: StaticString, _ value: (some BinaryInteger)?) {
        self.name(name)
        if let value { sink.append(text: "\(value)") } else { sink.append("null") }
    }

    package mutating func add(_ name: StaticString, _ value: Bool) {
        self.name(name)
        sink.append(value ? "true" : "false")
    }

    package mutating func add(_ name: StaticString, numbers: [some BinaryInteger]) {
        self.name(name)
        sink.append(text: "[\(numbers.map { "\($0)" }.joined(separator: ","))]")
    }

    /// To the millisecond: `12.345`.
    package mutating func add(_ name: StaticString, seconds: Duration?) {
        self.name(name)
        guard let seconds else { return sink.append("null") }
        let milliseconds = Int64(seconds / .milliseconds(1))
        let fraction = "\(milliseconds % 1000)"
        sink.append(
            text: "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction)
    }

    package mutating func add(_ name: StaticString, strings: [String]) {
        self.name(name)
        sink.append("[")
        for (index, string) in strings.enumerated() {
            if index > 0 { sink.append(",") }
            sink.append(json: string)
        }
        sink.append("]")
    }

    /// Names and values in an object of their own.
    package mutating func add(_ name: StaticString, texts: [(name: String, value: String)]) {
        self.name(name)
        sink.append("{")
        for (index, text) in texts.enumerated() {
            if index > 0 { sink.append(",") }
            sink.append(json: text.name)
            sink.append(":")
            sink.append(json: text.value)
        }
        sink.append("}")
    }

    /// An array of objects, each filled in by `body`.
    package mutating func add<Element>(
        _ name: StaticString, objects elements: [Element], _ body: (inout JSONObject, Element) -> Void
    ) {
        self.name(name)
        sink.append("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { sink.append(",") }
            var object = JSONObject()
            body(&object, element)
            object.close()
            sink.append(object.sink.bytes)
        }
        sink.append("]")
    }

    private mutating func close() { sink.append("}") }

    /// The whole line, newline included.
    package consuming func line() -> String {
        close()
        return String(decoding: sink.bytes, as: UTF8.self) + "\n"
    }
}
