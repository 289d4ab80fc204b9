internal import MartletMetadata
internal import Synchronization

/// Asks the metadata store now and then how it is, so that a scrape of metrics need not wait for it. Any thread.
final class StoreWatch: Sendable {
    private let last = Mutex<StoreHealth?>(nil)
    private let task = Mutex<Task<Void, Never>?>(nil)

    private static let interval = Duration.seconds(10)

    /// Looks until ``stop()``.
    init(_ store: any MetadataStore) {
        let task = Task { [weak self] in
            while !Task.isCancelled {
                let health = await store.health()
                guard let self else { return }
                last.withLock { $0 = health }
                try? await Task.sleep(for: Self.interval)
            }
        }
        self.task.withLock { $0 = task }
    }

    /// Nil before the first answer.
    var health: StoreHealth? { last.withLock { $0 } }

    func stop() {
        task.withLock { $0.take() }?.cancel()
    }
}
