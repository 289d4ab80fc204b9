internal import Martlet

/// What consume reads: from where, and up to where.
struct ConsumePlan {
    var start: OffsetSpec
    /// In order.
    var partitions: [TopicPartition]
    /// With `--exit-at-end`: where each partition begins; one where that is not found begins at its end. Else empty.
    var starts: [TopicPartition: Offset] = [:]
    /// With `--exit-at-end`: the first offset of each partition that is not read. Else nil.
    var ends: [TopicPartition: Offset]?

    init(
        _ admin: Admin, topic: String, partition: PartitionIndex?, start: StartPosition, exitsAtEnd: Bool
    ) async throws {
        self.start = start.spec(now: WallTime.now())
        let info = try await admin.describeTopic(topic)
        if let partition {
            try info.require(partition)
            partitions = [TopicPartition(topic: topic, partition: partition)]
        } else {
            partitions = info.partitions.map { TopicPartition(topic: topic, partition: $0.partition) }
        }
        if case .offset(let offset) = start { try await check(offset, admin) }
        if exitsAtEnd { try await limit(admin) }
    }

    /// An offset outside the log is refused at once, with what there is.
    private func check(_ offset: Offset, _ admin: Admin) async throws {
        let starts = try await offsets(admin, .earliest)
        let ends = try await offsets(admin, .latest)
        for partition in partitions {
            guard let first = starts[partition], let end = ends[partition], !(first...max(first, end)).contains(offset)
            else { continue }
            let extent = first < end ? "holds offsets \(first) to \(end - 1)" : "is empty, its next offset is \(end)"
            throw CommandFailure.failed(
                "\(partition) \(extent): reading cannot begin at \(offset)"
                    + (partitions.count > 1 ? "; --partition P reads one partition" : ""))
        }
    }

    private mutating func limit(_ admin: Admin) async throws {
        let first = try await offsets(admin, start)
        let last = try await offsets(admin, .latest)
        starts = last.merging(first) { $1 }
        ends = last
    }

    private func offsets(_ admin: Admin, _ spec: OffsetSpec) async throws -> [TopicPartition: Offset] {
        try await admin.offsets(for: Dictionary(uniqueKeysWithValues: partitions.map { ($0, spec) }))
            .mapValues(\.offset)
    }
}
