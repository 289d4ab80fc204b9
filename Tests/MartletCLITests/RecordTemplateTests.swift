import MartletCLIKit
import MartletCore
import Testing

@Suite("What --format prints")
struct RecordTemplateTests {
    private func print(
        _ format: String, null: String = "", headers: [RecordHeader] = [], value: [UInt8]? = Array("v".utf8)
    )
        throws -> String
    {
        let template = try RecordTemplate(format, topic: "orders", null: null)
        return withRecord(key: Array("k".utf8), value: value, headers: headers) { record in
            printed { template.append(record, to: &$0) }
        }
    }

    @Test(
        "every field and escape",
        arguments: [
            ("%v\\n", "v\n"), ("%p %o %t %k %v %h\\n", "2 7 1700000000123 k v \n"), ("%n/%p", "orders/2"),
            ("%T", "2023-11-14T22:13:20.123Z"), ("%K,%V", "1,1"), ("100%%", "100%"),
            ("a\\tb\\\\c\\x41\\0", "a\tb\\cA\0"),
            ("plain", "plain"), ("", ""), ("é%vé", "évé"),
        ])
    func fields(format: String, text: String) throws {
        #expect(try print(format) == text)
    }

    @Test("headers are name=value with commas between")
    func headers() throws {
        let headers = [
            RecordHeader(key: "a", value: "1"), RecordHeader(key: "b", value: nil), RecordHeader(key: "a", value: ""),
        ]
        #expect(try print("%h", null: "-", headers: headers) == "a=1,b=-,a=")
    }

    @Test("a null value is nothing, or what --null says; its size is -1")
    func null() throws {
        #expect(try print("[%v]", value: nil) == "[]")
        #expect(try print("[%v]", null: "NULL", value: nil) == "[NULL]")
        #expect(try print("%V", value: nil) == "-1")
        #expect(try print("[%v]", null: "NULL", value: []) == "[]")
    }

    @Test("what is no format is refused", arguments: ["%", "%q", "%v\\", "\\q", "\\x4", "\\xzz"])
    func refused(format: String) {
        #expect(throws: RecordTemplate.Problem.self) { try RecordTemplate(format, topic: "t") }
    }
}
