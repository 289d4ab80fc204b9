import Foundation
import Martlet
import MartletTestSupport

/// Calls of a broker process to the disk that fail when a test says so (Tests/FailingCalls).
struct FailingCalls {
    private let library: String
    private let orders: String

    /// Builds the library in `directory`, with the compiler that Swift comes with.
    init(in directory: String) async throws {
        library = directory + "/failing_calls.so"
        orders = directory + "/orders"
        let source = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
        let compiler = try ChildProcess(
            "/usr/bin/env",
            ["clang", "-std=c11", "-O1", "-shared", "-fPIC", "-o", library, source + "/FailingCalls/failing_calls.c"])
        let end = try await compiler.waitUntilEnded()
        guard end == .exited(0) else { throw TestFailure("the library does not build:\n\(compiler.errors.text)") }
    }

    /// Of the broker that is to listen.
    var environment: [String: String] { ["LD_PRELOAD": library, "FAILING_CALLS": orders] }

    /// From now on `call` fails on paths that have `part` in them.
    func fail(_ call: String, with error: Int32, on part: String) throws {
        // Renamed into place: a call never sees half of it.
        try Data("\(call) \(error) \(part)\n".utf8).write(to: URL(fileURLWithPath: orders), options: .atomic)
    }

    func heal() throws {
        try FileManager.default.removeItem(atPath: orders)
    }
}
