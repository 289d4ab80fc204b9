import Foundation

/// Runs work that blocks for long on a thread made for it, away from the cooperative pool.
enum DedicatedThread {
    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Swift.Result(catching: body)) }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }
}
