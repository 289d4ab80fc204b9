import Foundation
import Testing

/// The example of `proto/README.md` is written by the codec, so that it is never out of date:
/// `MARTLET_WRITE_EXAMPLE=1 swift test --filter ExampleFramesTests` puts it into the page anew.
@Suite struct ExampleFramesTests {
    private static let page = repositoryRoot.appending(path: "proto/README.md")
    private static let start = "<!-- The frames below are written by ExampleFramesTests. -->\n\n```text\n"
    private static let end = "\n```\n"

    @Test("the page's example is what the codec writes")
    func example() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let from = try #require(text.range(of: Self.start)).upperBound
        let to = try #require(text.range(of: Self.end, range: from..<text.endIndex)).lowerBound
        let wanted = ExampleFrame.conversation.map(\.rendered).joined(separator: "\n\n")
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_EXAMPLE"] != nil {
            try text.replacingCharacters(in: from..<to, with: wanted).write(
                to: Self.page, atomically: true, encoding: .utf8)
        } else {
            #expect(text[from..<to] == wanted)
        }
    }
}
