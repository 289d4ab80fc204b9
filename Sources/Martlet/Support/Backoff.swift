/// How long to wait before trying again: doubles from `first` to `most`, with a fifth of jitter either way so that
/// clients that failed together do not return together.
struct Backoff: Sendable, Equatable {
    var first: Duration
    var most: Duration

    /// The wait after the `failures`-th failure in a row (from 1).
    func delay(afterFailures failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(max(failures - 1, 0), 16)
        let unjittered = min(first * (1 << doublings), most)
        return unjittered * Double.random(in: 0.8...1.2, using: &random)
    }
}
