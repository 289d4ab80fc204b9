internal import Foundation

/// Runs what blocks on a thread made for it, away from the cooperative pool.
package enum BlockingThread {
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.start()
    }

    package static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            start("blocking") { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }
}
