internal import Dispatch
internal import MartletCore

/// Runs blocking work in order on a thread of its own, for callers that must not block.
final class BlockingQueue: Sendable {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func submit(_ body: @escaping @Sendable () -> Void) {
        queue.async(execute: body)
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws(BrokerError) -> Value) async -> Result<
        Value, BrokerError
    > {
        await withCheckedContinuation { continuation in
            queue.async {
                let result: Result<Value, BrokerError>
                do throws(BrokerError) {
                    result = .success(try body())
                } catch {
                    result = .failure(error)
                }
                continuation.resume(returning: result)
            }
        }
    }
}
