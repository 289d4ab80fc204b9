internal import CMartletLog

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A thread for work that blocks. Started once, joined once.
///
/// @unchecked Sendable: the handle never changes.
final class StorageThread: @unchecked Sendable {
    private let handle: pthread_t

    /// What the new thread takes over.
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// - Parameter name: at most 15 bytes, for `top` and debuggers.
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        handle = Self.create(Start(name, body))
    }

    private static func create(_ start: Start) -> pthread_t {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        defer { pthread_attr_destroy(&attributes) }
        var handle = pthread_t()
        let argument = Unmanaged.passRetained(start).toOpaque()
        let status = pthread_create(&handle, &attributes, { StorageThread.run($0) }, argument)
        precondition(status == 0, "cannot start the thread \(start.name): \(String(cString: strerror(status)))")
        return handle
    }

    private static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        nameThisThread(start.name)
        start.body()
        return nil
    }

    /// Swift sees no pthread_setname_np on Linux.
    private static func nameThisThread(_ name: String) {
        guard let file = fopen("/proc/thread-self/comm", "w") else { return }
        fputs(name, file)
        fclose(file)
    }

    func join() {
        pthread_join(handle, nil)
    }
}

/// A lock around a value, with threads that wait for the value to change.
///
/// @unchecked Sendable: `value` is only touched while the mutex is held.
final class Monitor<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&value)
    }

    /// Changes the value and wakes one waiter.
    func signal<Result>(_ body: (inout Value) -> Result) -> Result {
        defer { pthread_cond_signal(condition) }
        return withLock(body)
    }

    /// Changes the value and wakes all waiters.
    func broadcast<Result>(_ body: (inout Value) -> Result) -> Result {
        defer { pthread_cond_broadcast(condition) }
        return withLock(body)
    }

    /// How long to sleep until `body` is asked again.
    enum Wait<Result> {
        case done(Result)
        case untilChanged
        case untilChangedOrFor(nanoseconds: Int64)
    }

    /// Asks `body` under the lock, now and after each change, until it is done.
    func wait<Result>(_ body: (inout Value) -> Wait<Result>) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            switch body(&value) {
            case .done(let result):
                return result
            case .untilChanged:
                pthread_cond_wait(condition, mutex)
            case .untilChangedOrFor(let nanoseconds):
                var deadline = Self.deadline(after: nanoseconds)
                pthread_cond_timedwait(condition, mutex, &deadline)
            }
        }
    }

    private static func deadline(after nanoseconds: Int64) -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        // A day is as good as for ever here, and cannot overflow.
        let total = Int64(now.tv_nsec) + min(max(0, nanoseconds), 86_400_000_000_000)
        return timespec(tv_sec: now.tv_sec + Int(total / 1_000_000_000), tv_nsec: Int(total % 1_000_000_000))
    }
}
