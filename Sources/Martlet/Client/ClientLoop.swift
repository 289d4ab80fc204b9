internal import NIOCore
internal import NIOPosix

/// The thread that the connections of clients live on: for programs in which a record's way matters more than how many
/// go through.
///
/// By itself, each producer and consumer takes one of the process's event loops, and an application's tasks run on other
/// threads, which have to be woken. A client can be given its loop, and tasks that prefer its ``executor`` run on the
/// loop's thread: what a broker sent is in the application's hands without a wake-up, before the next is asked for.
///
/// ```swift
/// let loop = ClientLoop()
/// configuration.client.loop = loop
/// try await withTaskExecutorPreference(loop.executor) {
///     let consumer = try Consumer(configuration)
///     for try await batch in consumer.batches { … }
/// }
/// ```
///
/// The price: the thread does nothing else meanwhile. A task that works for long, or blocks, keeps everything on its loop
/// waiting, heartbeats of groups included. Clients may share a loop; they share one core then.
public struct ClientLoop: Sendable {
    let eventLoop: any EventLoop
    /// Runs tasks on the loop's thread. For `withTaskExecutorPreference` and `Task(executorPreference:)`.
    public let executor: any TaskExecutor

    /// One of the process's event loops: of as many as there are cores, the next in turn. Makes no thread.
    public init() {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        eventLoop = loop
        executor = EventLoopTaskExecutor(loop: loop)
    }
}

/// Runs jobs on an event loop, in a later tick than the one they are handed in.
private final class EventLoopTaskExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
