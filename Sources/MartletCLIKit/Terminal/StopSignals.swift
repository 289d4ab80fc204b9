internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Lets a command end in order on Ctrl-C, SIGTERM and, unless `nohup` has it ignored, SIGHUP, which a terminal sends that is
/// closed; a second signal ends it at once. Until ``cancel()``.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    init(_ stop: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "martlet.signals")
        sources = (HangUp.isIgnored ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP]).map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                signal(number, SIG_DFL)
                stop()
            }
            source.resume()
            return source
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }
}

/// SIGHUP: sent when the terminal is closed that a program runs in.
package enum HangUp {
    /// Whoever started the program, `nohup` say, wants it to live on.
    package static var isIgnored: Bool {
        let former = signal(SIGHUP, SIG_IGN)
        signal(SIGHUP, former)
        return unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
