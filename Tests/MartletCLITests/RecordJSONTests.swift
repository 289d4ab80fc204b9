import MartletCLIKit
import MartletCore
import TestSeeds
import Testing

@Suite("Records as JSON")
struct RecordJSONTests {
    private func json(_ key: [UInt8]?, _ value: [UInt8]?, _ headers: [RecordHeader] = []) -> String {
        let json = RecordJSON(topic: "t")
        return withRecord(key: key, value: value, headers: headers) { record in
            printed { json.append(record, to: &$0) }
        }
    }

    private static let front = #"{"topic":"t","partition":2,"offset":7,"timestamp":1700000000123,"#

    @Test("text, nulls and headers have the shape that scripts rely on")
    func shape() {
        #expect(
            json(Array("k".utf8), Array("v".utf8)) == Self.front + #""key":"k","value":"v","headers":[]}"# + "\n")
        #expect(json(nil, nil) == Self.front + #""key":null,"value":null,"headers":[]}"# + "\n")
        #expect(json([], []) == Self.front + #""key":"","value":"","headers":[]}"# + "\n")
        let headers = [
            RecordHeader(key: "a", value: "1"), RecordHeader(key: "b", value: [0xFF]),
            RecordHeader(key: "c", value: nil),
        ]
        #expect(
            json(nil, nil, headers) == Self.front + #""key":null,"value":null,"headers":[{"key":"a","value":"1"},"#
                + #"{"key":"b","value_base64":"/w=="},{"key":"c","value":null}]}"# + "\n")
    }

    @Test(
        "bytes that are not UTF-8 stand in Base64",
        arguments: [
            ([0xFF], "/w=="), ([0xC0, 0x80], "wIA="), ([0xED, 0xA0, 0x80], "7aCA"),
            ([0xF4, 0x90, 0x80, 0x80], "9JCAgA=="),
            ([0x61, 0xE2, 0x82], "YeKC"), ([0x80], "gA=="), ([0xE0, 0x9F, 0xBF], "4J+/"),
            ([0xF8, 0x88, 0x80, 0x80], "+IiAgA=="),
        ] as [([UInt8], String)])
    func base64(bytes: [UInt8], text: String) {
        #expect(json(bytes, nil) == Self.front + "\"key_base64\":\"\(text)\",\"value\":null,\"headers\":[]}\n")
    }

    @Test("what JSON forbids in strings is escaped, and nothing else")
    func escapes() {
        let value = Array("a\"b\\c\n\r\t\u{01}\u{7F}é😀/".utf8)
        #expect(json(nil, value).contains(#""value":"a\"b\\c\n\r\t\u0001"# + "\u{7F}é😀/\""))
    }

    @Test("what is written is read back, whatever the bytes", arguments: 0..<200)
    func roundTrip(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        func bytes() -> [UInt8]? {
            switch generator.next() % 4 {
            case 0: return nil
            case 1: return (0..<Int(generator.next() % 40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            case 2:
                return (0..<Int(generator.next() % 40)).map { _ in UInt8(truncatingIfNeeded: generator.next() % 128) }
            default:
                let scalars = (0..<Int(generator.next() % 20)).compactMap { _ in
                    Unicode.Scalar(UInt32(truncatingIfNeeded: generator.next() % 0x110000))
                }
                return Array(String(String.UnicodeScalarView(scalars)).utf8)
            }
        }
        let (key, value) = (bytes(), bytes())
        let headers = (0..<Int(generator.next() % 3)).map { RecordHeader(key: "h\($0)\"", value: bytes()) }
        var decoder = RecordJSONDecoder()
        let line = json(key, value, headers)
        try withBytes(line) { try decoder.decode($0) }
        #expect(decoder.key.map { Array($0) } == key)
        #expect(decoder.value.map { Array($0) } == value)
        #expect(decoder.headers == headers)
        #expect(decoder.timestamp == 1_700_000_000_123)
        #expect(decoder.partition == 2)
    }
}

@Suite("Reading records from JSON")
struct RecordJSONDecoderTests {
    @Test("members may be missing, unknown, in any order and with any spacing")
    func lenient() throws {
        var decoder = RecordJSONDecoder()
        try withBytes(#" { "more" : {"a":[1,-2.5e3,true,false,null,"x"]} , "value" : "v" , "offset":9 } "#) {
            try decoder.decode($0)
        }
        #expect(decoder.key == nil)
        #expect(decoder.value.map { Array($0) } == Array("v".utf8))
        #expect(decoder.timestamp == nil)
        #expect(decoder.headers.isEmpty)
    }

    @Test("one line leaves nothing for the next")
    func reuse() throws {
        var decoder = RecordJSONDecoder()
        try withBytes(#"{"key":"k","value":"v","timestamp":5,"partition":1,"headers":[{"key":"h","value":"x"}]}"#) {
            try decoder.decode($0)
        }
        try withBytes("{}") { try decoder.decode($0) }
        #expect(decoder.key == nil && decoder.value == nil && decoder.timestamp == nil && decoder.partition == nil)
        #expect(decoder.headers.isEmpty)
    }

    @Test(
        "escapes are undone",
        arguments: [
            (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{08}\u{0C}\n\r\t"), (#"\u0041\u00e9\u20AC"#, "Aé€"), (#"\ud83d\ude00"#, "😀"),
            ("plain é😀", "plain é😀"),
        ])
    func escapes(escaped: String, text: String) throws {
        var decoder = RecordJSONDecoder()
        try withBytes("{\"value\":\"\(escaped)\"}") { try decoder.decode($0) }
        #expect(decoder.value.map { String(decoding: $0, as: UTF8.self) } == text)
    }

    @Test(
        "what is no record is refused",
        arguments: [
            "", "x", "[]", "{", "{}{}", "{\"value\"}", "{\"value\":1}", "{\"value\":\"a}", "{\"value\":\"\\q\"}",
            "{\"value\":\"\\ud83d\"}", "{\"value\":\"\\u12\"}", "{\"value_base64\":\"a\"}",
            "{\"value_base64\":\"a*==\"}",
            "{\"value_base64\":\"====\"}", "{\"timestamp\":1.5}", "{\"timestamp\":\"1\"}",
            "{\"timestamp\":99999999999999999999}",
            "{\"partition\":4294967296}", "{\"headers\":[{\"value\":\"v\"}]}", "{\"headers\":{}}", "{\"a\":tru}",
            "{\"value\":\"a\u{01}\"}",
            "{\"key\":\"a\",}",
        ])
    func refused(line: String) {
        var decoder = RecordJSONDecoder()
        let error = #expect(throws: JSONError.self) { try withBytes(line) { try decoder.decode($0) } }
        #expect((error?.position ?? .max) <= line.utf8.count)
    }

    @Test("bytes that are not UTF-8 are refused in a string")
    func invalidText() {
        var decoder = RecordJSONDecoder()
        let line = Array("{\"value\":\"".utf8) + [0xFF] + Array("\"}".utf8)
        #expect(throws: JSONError.self) { try withBytes(line) { try decoder.decode($0) } }
    }

    @Test("deep nesting is refused before it takes the stack")
    func deep() {
        var decoder = RecordJSONDecoder()
        let line = "{\"a\":" + String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try withBytes(line) { try decoder.decode($0) } }
    }

    @Test("a line cut anywhere is refused")
    func truncated() throws {
        let line =
            #"{"topic":"t","key":"é\u00e9","value_base64":"AAEC","headers":[{"key":"h","value":null}],"timestamp":12}"#
        let bytes = Array(line.utf8)
        var decoder = RecordJSONDecoder()
        try withBytes(bytes) { try decoder.decode($0) }
        for count in 0..<bytes.count {
            #expect(throws: JSONError.self) { try withBytes(Array(bytes[..<count])) { try decoder.decode($0) } }
        }
    }
}
