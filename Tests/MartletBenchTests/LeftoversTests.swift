import Foundation
import Synchronization
import Testing

@testable import MartletBench

@Suite("What an interruption leaves")
struct LeftoversTests {
    private final class Log: Sendable {
        let removed = Mutex<[String]>([])
        func remover(_ name: String) -> @Sendable () -> Void { { self.removed.withLock { $0.append(name) } } }
    }

    @Test("everything that is not settled is removed, the newest first, and once")
    func order() {
        let (leftovers, log) = (Leftovers(), Log())
        _ = leftovers.add(log.remover("network"))
        let settled = leftovers.add(log.remover("directory"))
        _ = leftovers.add(log.remover("process"))
        leftovers.settle(settled)
        leftovers.removeAll()
        leftovers.removeAll()
        #expect(log.removed.withLock { $0 } == ["process", "network"])
    }

    @Test("what is started while the program is being interrupted is removed at once")
    func late() {
        let (leftovers, log) = (Leftovers(), Log())
        leftovers.removeAll()
        _ = leftovers.add(log.remover("late"))
        #expect(log.removed.withLock { $0 } == ["late"])
    }

    @Test("a child is told apart from one that ended: a signal after its end reaches nobody")
    func child() async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sleep")
        process.arguments = ["60"]
        let life = try ChildLife(starting: process)
        #expect(kill(life.pid, 0) == 0)
        life.signal(SIGKILL)
        await life.waitUntilEnded()
        life.signal(SIGKILL)
        #expect(process.terminationStatus == SIGKILL)
    }
}
