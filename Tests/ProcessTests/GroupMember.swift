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

    /// What it reads by what it has said. The group counts a partition as a member's before that has heard of it.
    var partitions: Set<TopicPartition> {
        announcements.reduce(into: []) { partitions, line in
            if let named = Self.partitions(in: line, after: " reads ") { partitions.formUnion(named) }
            if let named = Self.partitions(in: line, after: " lets go of ") { partitions.subtract(named) }
            if let named = Self.partitions(in: line, after: " lost ") { partitions.subtract(named) }
        }
    }

    /// Of `group g: reads orders 0-3,7; payments 1`; nil when it does not say so.
    private static func partitions(in line: String, after words: String) -> Set<TopicPartition>? {
        guard let list = line.firstRange(of: words).map({ line[$0.upperBound...] }) else { return nil }
        var partitions: Set<TopicPartition> = []
        for topic in list.prefix(while: { $0 != ":" }).split(separator: ";") {
            let words = topic.split(separator: " ")
            guard words.count == 2 else { continue }
            for range in words[1].split(separator: ",") {
                let ends = range.split(separator: "-").compactMap { PartitionIndex($0) }
                guard let first = ends.first, let last = ends.last, first <= last else { continue }
                for index in first...last {
                    partitions.insert(TopicPartition(topic: String(words[0]), partition: index))
                }
            }
        }
        return partitions
    }

    /// Waits until it has said so.
    func waitUntilSaid(_ words: String) async throws {
        let said = await process.errors.lines(
            within: GroupTopic.patience, are: { lines in lines.contains { $0.contains(words) } })
        guard said else { throw TestFailure("never said \"\(words)\":\n\(process.errors.tail)") }
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
