internal import Foundation

/// What a child has written to one of its outputs, line by line. Any thread.
package final class OutputLog: Sendable {
    private struct Content: Sendable {
        var lines: [String] = []
        var isClosed = false
    }

    private let content = Watched(Content())

    private init() {}

    /// A log and the descriptor to write to it, which the caller closes once the child has it.
    static func open(_ name: String) throws -> (writeEnd: Int32, log: OutputLog) {
        let (near, far) = try StreamPair.make()
        let log = OutputLog()
        BlockingThread.start(name) { [content = log.content] in collect(near, content) }
        return (far, log)
    }

    private static func collect(_ descriptor: Int32, _ content: Watched<Content>) {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            rest += buffer[..<count]
            var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            rest = Array(lines.removeLast())
            let texts = lines.map { String(decoding: $0, as: UTF8.self) }
            content.update { $0.lines += texts }
        }
        close(descriptor)
        let last = String(decoding: rest, as: UTF8.self)
        content.update { content in
            if !last.isEmpty { content.lines.append(last) }
            content.isClosed = true
        }
    }

    package var lines: [String] { content.value.lines }
    package var text: String { lines.joined(separator: "\n") }
    /// The last lines, for a message.
    package var tail: String { lines.suffix(30).joined(separator: "\n") }

    package func contains(_ text: String) -> Bool {
        lines.contains { $0.contains(text) }
    }

    /// The first line with `text` in it. Nil: the child has closed its end, or `limit` has passed, without one.
    package func line(containing text: String, within limit: Duration) async -> String? {
        let found = await content.wait(within: limit) { content -> String?? in
            if let line = content.lines.first(where: { $0.contains(text) }) { return .some(line) }
            return content.isClosed ? .some(nil) : nil
        }
        return found ?? nil
    }

    /// Waits until the lines are as wanted. False: the child has closed its end, or `limit` has passed, before that.
    package func lines(within limit: Duration, are isWanted: @escaping @Sendable ([String]) -> Bool) async -> Bool {
        await content.wait(within: limit) { content -> Bool? in
            isWanted(content.lines) ? true : content.isClosed ? false : nil
        } ?? false
    }

    func waitUntilClosed(within limit: Duration) async -> Bool {
        await content.wait(within: limit) { $0.isClosed ? true : nil } ?? false
    }
}
