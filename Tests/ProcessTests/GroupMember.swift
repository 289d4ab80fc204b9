import Foundation
import Martlet
import MartletTestSupport

/// A member of a group as a process: `martlet consume TOPIC --group G`.
final class GroupMember: Sendable {
    let process: ChildProcess
    let group: String

    init(_ group: String, topic: String, broker: String, instance: String? = nil) throws {
        self.group = group
        process = try ChildProcess(
            BrokerProcess.binary,
            ["consume", topic, "--group", group, "--broker", broker, "--verbose", "--format", #"%p %o %v\n"#]
                + (instance.map { ["--instance", $0] } ?? []))
    }

    /// A record as it was printed.
    struct Line: Hashable, Sendable {
        var partition: PartitionIndex
        var offset: Offset
        var value: Substring

        /// Nil for a line that a kill has cut.
        init?(_ text: String) {
            let fields = text.split(separator: " ")
            guard fields.count == 3, let partition = PartitionIndex(fields[0]), let offset = Offset(fields[1]) else {
                return nil
            }
            self.partition = partition
            self.offset = offset
            value = fields[2]
        }
    }

    /// What it has printed, in order.
    var lines: [Line] { process.output.lines.compactMap(Line.init) }

    /// What it has said of its partitions.
    var announcements: [String] { process.errors.lines.filter { $0.hasPrefix("group ") } }
    /// How often it has said that it lost some.
    var losses: Int { announcements.count { $0.contains(": lost ") } }

    /// Waits until it has said so, for the `count`th time.
    func waitUntilSaid(_ words: String, count: Int = 1) async throws {
        let said = await process.errors.lines(
            within: .seconds(60),
            are: { lines in
                lines.count { $0.contains(words) } >= count
            })
        guard said else { throw TestFailure("never said \"\(words)\" \(count) times:\n\(process.errors.tail)") }
    }

    /// Ctrl-C: it commits and leaves; exit code 0.
    func stop() async throws {
        process.signal(SIGINT)
        let end = try await process.waitUntilEnded(within: .seconds(20))
        guard end == .exited(0) else { throw TestFailure("a member ended with \(end):\n\(process.errors.tail)") }
    }

    func kill() async { await process.kill() }
    func suspend() { process.signal(SIGSTOP) }
    func resume() { process.signal(SIGCONT) }
}
