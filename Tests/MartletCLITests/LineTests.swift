import MartletCLIKit
import Testing

@Suite("Lines of input")
struct LineBufferTests {
    /// The lines of `text` when it is read in pieces of `piece` bytes.
    private func lines(_ text: String, piece: Int, capacity: Int = 16) -> [String] {
        var buffer = LineBuffer(capacity: capacity)
        var rest = Array(text.utf8)[...]
        var lines: [String] = []
        while !rest.isEmpty {
            guard let room = buffer.room() else { return lines + ["too long"] }
            let count = min(piece, room.count, rest.count)
            room.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            buffer.filled(count)
            while let line = buffer.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        if let line = buffer.last() { lines.append(String(decoding: line, as: UTF8.self)) }
        return lines
    }

    @Test("lines are the same however the input is cut", arguments: 1...40)
    func pieces(piece: Int) {
        let text = "one\n\ntwo\r\na line that is longer than the buffer was at first\n\n\nlast without newline"
        let expected = [
            "one", "", "two\r", "a line that is longer than the buffer was at first", "", "", "last without newline",
        ]
        #expect(lines(text, piece: piece) == expected)
    }

    @Test("a newline at the end begins no record")
    func ends() {
        #expect(lines("a\n", piece: 8) == ["a"])
        #expect(lines("\n", piece: 8) == [""])
        #expect(lines("", piece: 8) == [])
    }

    @Test("a line past the limit is refused")
    func limit() {
        var buffer = LineBuffer(capacity: 16, lineLimit: 32)
        for _ in 0..<2 {
            guard let room = buffer.room() else { Issue.record("there is room below the limit"); return }
            room.initializeMemory(as: UInt8.self, repeating: 0x61)
            buffer.filled(min(room.count, 16))
            #expect(buffer.next() == nil)
        }
        #expect(buffer.room() == nil)
    }
}

@Suite("Keys and nulls in lines")
struct LineParserTests {
    private func parse(_ line: String, separator: String? = nil, null: String? = nil) -> [String?] {
        withBytes(line) { bytes in
            let record = LineParser(separator: separator, null: null).parse(bytes)
            return [record.key, record.value].map { $0.map { String(decoding: $0, as: UTF8.self) } }
        }
    }

    @Test("without a separator the line is the value")
    func plain() {
        #expect(parse("a:b") == [nil, "a:b"])
        #expect(parse("") == [nil, ""])
    }

    @Test(
        "the first separator parts key and value",
        arguments: [
            ("k:v", ":", ["k", "v"]), ("k:v:w", ":", ["k", "v:w"]), (":v", ":", ["", "v"]), ("k:", ":", ["k", ""]),
            ("no key", ":", [nil, "no key"]), ("k::=v", ":=", ["k:", "v"]), ("k\tv", "\t", ["k", "v"]),
            (":", ":", ["", ""]),
            ("a:b:=c", ":=", ["a:b", "c"]), ("", ":", [nil, ""]), (":", ":=", [nil, ":"]),
        ] as [(String, String, [String?])])
    func separators(line: String, separator: String, fields: [String?]) {
        #expect(parse(line, separator: separator) == fields)
    }

    @Test("text that stands for null is null as key and as value")
    func null() {
        #expect(parse("NULL", null: "NULL") == [nil, nil])
        #expect(parse("k:NULL", separator: ":", null: "NULL") == ["k", nil])
        #expect(parse("NULL:v", separator: ":", null: "NULL") == [nil, "v"])
        #expect(parse("k:", separator: ":", null: "") == ["k", nil])
        #expect(parse("NULLS", null: "NULL") == [nil, "NULLS"])
    }
}
