internal import Foundation
internal import Synchronization

/// A program run for a test. What it writes is kept; it is killed with the last reference, and does not outlive the test
/// process in any case. Any thread.
package final class ChildProcess: Sendable {
    package enum End: Sendable, Equatable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)

        package var description: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .signalled(let number): "signal \(number)"
            }
        }
    }

    package let pid: Int32
    package let name: String
    /// Standard output and standard error.
    package let output: OutputLog
    package let errors: OutputLog
    private let end = Watched<End?>(nil)

    package init(_ path: String, _ arguments: [String], environment: [String: String]? = nil) throws {
        name = path.split(separator: "/").last.map(String.init) ?? path
        let (outputEnd, output) = try OutputLog.open("\(name) stdout")
        let (errorEnd, errors) = try OutputLog.open("\(name) stderr")
        defer {
            close(outputEnd)
            close(errorEnd)
        }
        self.output = output
        self.errors = errors
        pid = try Spawn.start(
            path, arguments, environment: environment, standardOutput: outputEnd, standardError: errorEnd)
        Reaper.shared.add(pid)
        BlockingThread.start("wait \(pid)") { [pid, end] in Self.reap(pid, end) }
    }

    deinit {
        signal(SIGKILL)
    }

    private static func reap(_ pid: pid_t, _ end: Watched<End?>) {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0 {
            precondition(errno == EINTR, "waiting for \(pid): \(String(cString: strerror(errno)))")
        }
        // Under the lock that signal() takes: after this the number may be another process's.
        end.update { end in
            Reaper.shared.remove(pid)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            let number = status & 0x7f
            end = number == 0 ? .exited((status >> 8) & 0xff) : .signalled(number)
        }
    }

    /// Does nothing when the process has ended.
    package func signal(_ number: Int32) {
        end.update { if $0 == nil { Foundation.kill(pid, number) } }
    }

    package var hasEnded: Bool { end.value != nil }

    /// Throws when it is still running after `limit`, with its last words.
    package func waitUntilEnded(within limit: Duration = .seconds(60)) async throws -> End {
        guard let end = await end.wait(within: limit, until: { $0 }) else {
            throw TestFailure("\(name) (\(pid)) did not end within \(limit); its last words:\n\(errors.tail)")
        }
        // What it wrote is read to its end, unless a child of its own has the pipe, too.
        _ = await errors.waitUntilClosed(within: .seconds(5))
        _ = await output.waitUntilClosed(within: .seconds(5))
        return end
    }

    /// kill -9; returns when it is gone.
    package func kill() async {
        signal(SIGKILL)
        _ = await end.wait(within: .seconds(60), until: { $0 })
    }
}
