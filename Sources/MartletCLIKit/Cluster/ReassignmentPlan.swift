internal import ArgumentParser
internal import Foundation
internal import Martlet

extension PartitionMove {
    /// One line of a plan.
    var json: String {
        var object = JSONObject()
        object.add("topic", topicPartition.topic)
        object.add("partition", topicPartition.partition)
        object.add("replicas", numbers: replicas)
        object.add("target", numbers: target)
        return object.line()
    }
}

/// Plans as files: a JSON object for each partition, one a line.
enum ReassignmentPlan {
    private struct Line: Decodable {
        var topic: String
        var partition: Int32
        var target: [Int32]
    }

    static func read(_ path: String) throws(CommandFailure) -> [PartitionMove] {
        let data: Data
        do {
            data =
                try path == "-" ? FileHandle.standardInput.readToEnd() ?? Data() : Data(contentsOf: URL(filePath: path))
        } catch {
            throw .failed("the plan \(path) cannot be read: \(error.localizedDescription)")
        }
        return try parse(data, named: path)
    }

    static func parse(_ data: Data, named path: String) throws(CommandFailure) -> [PartitionMove] {
        var moves: [PartitionMove] = []
        for (number, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            do {
                let move = try JSONDecoder().decode(Line.self, from: line)
                moves.append(
                    PartitionMove(TopicPartition(topic: move.topic, partition: move.partition), target: move.target))
            } catch {
                throw .failed(
                    "\(path), line \(number + 1): write {\"topic\":\"orders\",\"partition\":0,\"target\":[1,2,3]}")
            }
        }
        return moves
    }
}

/// A number of bytes as people write it: 500000, 20M, 1G.
struct ByteCount: ExpressibleByArgument, Hashable {
    var bytes: Int

    init?(argument: String) {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = argument.last.flatMap { units[$0] }
        guard let number = Int(unit == nil ? argument[...] : argument.dropLast()), number > 0 else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflow else { return nil }
        self.bytes = bytes
    }
}
