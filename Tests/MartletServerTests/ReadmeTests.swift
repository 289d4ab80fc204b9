import Foundation
import MartletBroker
import MartletServer
import Testing

/// The README's tables are made from the tables in the code, and so never go stale.
@Suite("The README's settings tables", .serialized)
struct ReadmeTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "README.md")

    private static var processTable: String {
        let rows = SettingsTable.all.map {
            "| `\($0.name)` | \($0.defaultValue.map { "`\($0)`" } ?? "") | \($0.documentation) |"
        }
        return "| setting | default | what it is |\n|---|---|---|\n" + rows.joined(separator: "\n") + "\n"
    }

    private static var topicTable: String {
        let rows = SettingDefinition.all.map {
            "| `\($0.name)` | `\($0.defaultValue)` | \($0.documentation) Takes \($0.accepted). |"
        }
        return "| setting | default | what it is |\n|---|---|---|\n" + rows.joined(separator: "\n") + "\n"
    }

    @Test(
        "are those of the code; MARTLET_WRITE_README=1 writes them anew",
        arguments: [
            ("<!-- settings", "<!-- end of settings -->"), ("<!-- topic settings", "<!-- end of topic settings -->"),
        ]
            as [(String, String)])
    func tables(begin: String, end: String) throws {
        let table = begin.contains("topic") ? Self.topicTable : Self.processTable
        let text = try String(contentsOf: Self.path, encoding: .utf8)
        let opening = try #require(text.range(of: begin))
        let start = try #require(text.range(of: "-->\n", range: opening.upperBound..<text.endIndex)).upperBound
        let stop = try #require(text.range(of: end)).lowerBound
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_README"] != nil {
            let written = text.replacingCharacters(in: start..<stop, with: table)
            try written.write(to: Self.path, atomically: true, encoding: .utf8)
        } else {
            #expect(String(text[start..<stop]) == table)
        }
    }
}
