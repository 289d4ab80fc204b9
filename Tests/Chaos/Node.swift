import Foundation
import Martlet
import MartletHosts
import MartletTestSupport

/// A program on a host of the network, which can be ended and begun again. Used by one task at a time.
final class Node {
    let name: String
    let host: Network.Host
    let directory: String
    private let program: String
    private let arguments: [String]
    private(set) var process: ChildProcess
    /// Of all its runs, to their ends.
    private var logs: [OutputLog] = []

    init(_ name: String, on host: Network.Host, directory: String, program: String, arguments: [String]) throws {
        self.name = name
        self.host = host
        self.directory = directory
        self.program = program
        self.arguments = arguments
        process = try Self.launch(host, program, arguments)
        logs = [process.errors]
    }

    private static func launch(
        _ host: Network.Host, _ program: String, _ arguments: [String]
    ) throws -> ChildProcess {
        try ChildProcess("/usr/sbin/ip", ["netns", "exec", host.namespace, program] + arguments)
    }

    var isRunning: Bool { !process.hasEnded }

    func restart() throws {
        process = try Self.launch(host, program, arguments)
        logs.append(process.errors)
    }

    /// How many lines that say so it has logged, in all its runs.
    func count(of words: String) -> Int {
        logs.reduce(0) { $0 + $1.text.split(separator: "\n").count { $0.contains(words) } }
    }

    /// How often it has found no room on its disk.
    var fullDisks: Int { count(of: "the disk is full") }

    /// Everything it has logged, in all its runs.
    var log: String { logs.map(\.text).joined(separator: "\n--- started again\n") + "\n" }

    var lastWords: String { "\(name) \(isRunning ? "runs" : "has ended"):\n\(process.errors.tail)" }
}
