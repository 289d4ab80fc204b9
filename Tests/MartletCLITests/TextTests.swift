import Martlet
import Testing

@testable import MartletCLIKit

@Suite("Tables and figures for people")
struct TextTests {
    @Test("columns are aligned and lines have no spaces at their end")
    func table() {
        var table = TextTable([.left("NAME"), .right("N"), .left("NOTE")])
        table.add("a", "1", "")
        table.add("longer", "12345", "x")
        #expect(table.text == "NAME        N  NOTE\na           1\nlonger  12345  x\n")
    }

    @Test("a table without headings has none")
    func bare() {
        var table = TextTable([.left(""), .left("")])
        table.add("up for", "3 s")
        #expect(table.text == "up for  3 s\n")
    }

    @Test("records that wait for long are told, with the reason; those that wait a little are not")
    func holdUp() throws {
        let reason = MartletError(.unreachable, "nobody there", broker: "h:1")
        let text = try #require(HoldUpNotices.text("t", HoldUp(age: .milliseconds(7_800), reason: reason)))
        #expect(text.hasSuffix("t: records wait for 7 s and are tried again: \(reason)\n"))
        #expect(HoldUpNotices.text("t", HoldUp(age: .milliseconds(4_900), reason: reason)) == nil)
        #expect(HoldUpNotices.text("t", nil) == nil)
    }

    @Test("counts have commas", arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
    func counts(number: Int, text: String) {
        #expect(HumanText.count(number) == text)
    }

    @Test(
        "sizes have units",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1_048_575, "1.0 MiB"),
            (1_048_576, "1.0 MiB"),
            (100 << 30, "100.0 GiB"),
        ])
    func sizes(number: Int, text: String) {
        #expect(HumanText.bytes(number) == text)
    }

    @Test(
        "lengths of time have the units that matter",
        arguments: [
            (Duration.milliseconds(3), "3 ms"), (.milliseconds(1250), "1.3 s"), (.seconds(59), "59.0 s"),
            (.seconds(65), "1 m 05 s"),
            (.seconds(3720), "1 h 02 m"), (.seconds(90_000), "1 d 01 h"),
        ])
    func times(duration: Duration, text: String) {
        #expect(HumanText.duration(duration) == text)
    }

    @Test("one JSON object a line, members in order")
    func object() {
        var object = JSONObject()
        object.add("name", "a\"b")
        object.add("count", 3)
        object.add("missing", nil as Int?)
        object.add("nothing", nil as String?)
        object.add("flag", true)
        object.add("list", numbers: [1, 2])
        object.add("map", texts: [("retention.ms", "-1")])
        object.add("items", objects: [1, 2]) { $0.add("n", $1) }
        #expect(
            object.line()
                == #"{"name":"a\"b","count":3,"missing":null,"nothing":null,"flag":true,"list":[1,2],"map":{"retention.ms":"-1"},"#
                + #""items":[{"n":1},{"n":2}]}"# + "\n")
    }

    @Test("assignments part at the first equals sign")
    func assignments() {
        #expect(Assignment("a=b=c")?.name == "a")
        #expect(Assignment("a=b=c")?.value == "b=c")
        #expect(Assignment("a=")?.value == "")
        #expect(Assignment("=b") == nil)
        #expect(Assignment("ab") == nil)
    }
}
