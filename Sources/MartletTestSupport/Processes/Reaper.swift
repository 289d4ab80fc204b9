internal import Foundation
internal import Synchronization

/// Sees to it that no child outlives the test process, however that ends: a shell at the other end of a stream kills what is
/// still registered when the stream closes.
final class Reaper: Sendable {
    static let shared = Reaper()

    /// Reads "+ PID" and "- PID" lines until the end of input.
    private static let script = """
        pids=' '
        while read -r sign pid; do
            case "$sign" in
                +) pids="$pids$pid " ;;
                -) case "$pids" in *" $pid "*) pids="${pids%% $pid *} ${pids#* $pid }" ;; esac ;;
            esac
        done
        [ "$pids" = ' ' ] || kill -9 $pids 2>/dev/null
        """

    private let input: Mutex<Int32>

    private init() {
        guard let (near, far) = try? StreamPair.make(),
            (try? Spawn.start("/bin/sh", ["-c", Self.script], standardInput: far)) != nil
        else { preconditionFailure("the reaper of child processes cannot be started") }
        close(far)
        input = Mutex(near)
    }

    func add(_ pid: pid_t) { tell("+ \(pid)\n") }
    /// To be called while the process is a zombie still: its number is nobody else's then.
    func remove(_ pid: pid_t) { tell("- \(pid)\n") }

    private func tell(_ line: String) {
        input.withLock { descriptor in
            let count = write(descriptor, line, line.utf8.count)
            precondition(count == line.utf8.count, "the reaper of child processes is gone")
        }
    }
}
