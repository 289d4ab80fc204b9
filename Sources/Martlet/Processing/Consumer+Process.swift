internal import MartletCore

extension Consumer {
    /// Hands every record to one of `concurrency` workers, for as long as the consumer runs. Records of one key are
    /// processed one after the other, in their order; so are records without a key of one partition. What fails is tried
    /// again as `options` say.
    ///
    /// In a group, a partition is committed up to its first record that is not processed, never past it, as often as
    /// the group's ``CommitPolicy`` says; at least once, then, is every record processed. A partition that is taken
    /// away is let go of when the records of it that workers have are done; those that wait are left to its next
    /// owner. While no record at all is finished for ``ConsumerGroup/maxPollInterval`` and no more can be taken, the
    /// consumer counts as stuck.
    ///
    /// Returns when the consumer is stopped or the task is cancelled, with all workers done and their records committed;
    /// partitions stand at their first record that is not processed. The hooks run on the task that calls this.
    ///
    /// - Parameters:
    ///   - concurrency: 1 to 10,000.
    ///   - body: Runs in the workers' tasks.
    /// - Throws: ``MartletError/Code/invalidArgument`` for options out of their range, or for manual commits; what `body`
    ///   threw, as `options` say; as ``next()``.
    nonisolated(nonsending) public func process(
        concurrency: Int, options: ProcessOptions = ProcessOptions(),
        _ body: @escaping @Sendable (Record) async throws -> Void
    ) async throws {
        try options.validate(concurrency: concurrency)
        if case .manual? = shell.group?.settings.commits {
            throw MartletError(
                .invalidArgument, "process(concurrency:) commits what is processed: it needs automatic commits")
        }
        giveBackLeftover()
        let processor = Processor(options, core: shell.core, wakeFeeder: shell.wakeApplication, body: body)
        var feeding = Feeding()
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { workers in
            for _ in 0..<concurrency { workers.addTask { await processor.work() } }
            let result: Result<Void, any Error>
            do {
                try await feed(processor, &feeding)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            processor.stop()
            await workers.waitForAll()
            return result
        }
        await finishProcessing(processor, feeding)
        try result.get()
        if let failure = processor.failure { throw failure }
    }

    /// What the task that feeds the workers remembers.
    private struct Feeding {
        /// Partitions that were taken away and that workers still have records of.
        var draining: [Set<TopicPartition>] = []
        /// Records that were finished when it last looked.
        var finished: UInt64 = 0
    }

    /// Returns when there is nothing more to feed.
    private nonisolated(nonsending) func feed(_ processor: Processor, _ feeding: inout Feeding) async throws {
        while !Task.isCancelled {
            let status = processor.status
            if status.hasFailed { return }
            let isProgress = status.isEmpty || status.hasRoom || status.finished != feeding.finished
            feeding.finished = status.finished
            try await attend(processor, &feeding, isProgress: isProgress)
            await letGoOfDrained(processor, &feeding)
            let waits: GroupMembership.Waits
            let waiter: Eventual<Void>
            if status.hasRoom {
                if let next = leftover.popLast() {
                    processor.add(next)
                    continue
                }
                switch shell.withMachine({ $0.takeNext() }) {
                case .batch(let batch, let partition, let from, let highWatermark):
                    leftover = try check(batch, partition, from: from, highWatermark: highWatermark)
                        .records().reversed()
                    continue
                case .failed(let error): throw error
                case .stopped: return
                case .wait(let eventual): (waits, waiter) = (.forRecords, eventual)
                }
            } else {
                if shell.withMachine({ $0.isStopped }) { return }
                (waits, waiter) = (.forRoom, shell.withMachine { $0.newWaiter() })
            }
            guard processor.status.version == status.version, shell.group?.beginWaiting(waits) ?? true else { continue }
            do throws(MartletError) { try await waiter.value() } catch { shell.group?.endWaiting() }
        }
    }

    private nonisolated(nonsending) func attend(
        _ processor: Processor, _ feeding: inout Feeding, isProgress: Bool
    ) async throws {
        guard let group = shell.group else { return }
        while let task = group.poll(isProgress: isProgress) {
            switch task {
            case .lost(let partitions):
                processor.forget(partitions)
                await lose(partitions)
            case .revoke(let partitions):
                stopReading(partitions)
                processor.close(partitions)
                feeding.draining.append(partitions)
            case .assign(let begins):
                shell.withMachine { $0.add(begins, clock: WallClock.coarseNow()) }
                await onAssigned?(self, Set(begins.keys))
            case .commit:
                group.commitPositions(finishedPositions(processor))
            case .fail(let error):
                throw error
            }
        }
    }

    private nonisolated(nonsending) func letGoOfDrained(_ processor: Processor, _ feeding: inout Feeding) async {
        while let index = feeding.draining.firstIndex(where: { processor.areIdle($0) }) {
            await letGo(feeding.draining.remove(at: index), processor)
        }
    }

    private nonisolated(nonsending) func letGo(_ partitions: Set<TopicPartition>, _ processor: Processor) async {
        await onRevoked?(self, partitions)
        let positions = finishedPositions(processor).filter { partitions.contains($0.key) }
        shell.group?.letGo(partitions, committing: positions)
        processor.forget(partitions)
    }

    /// Up to the first record of each partition that is not processed. Partitions of which nothing was taken stand
    /// where they are.
    private func finishedPositions(_ processor: Processor) -> [TopicPartition: CommittedPosition] {
        var positions = shell.withMachine { $0.positions }
        if let next = leftover.last { positions[next.topicPartition]?.offset = next.offset }
        for (partition, offset) in processor.positions {
            positions[partition, default: CommittedPosition(offset: offset, leaderEpoch: -1)].offset = offset
        }
        return positions
    }

    /// No worker has anything any more. Commits what is processed, and puts partitions back to what is not.
    private nonisolated(nonsending) func finishProcessing(_ processor: Processor, _ feeding: Feeding) async {
        for partitions in feeding.draining { await letGo(partitions, processor) }
        let positions = finishedPositions(processor)
        leftover = []
        shell.withMachine { machine in
            for (partition, position) in positions {
                guard let cursor = machine.cursors[partition], cursor.isKnown else { continue }
                if cursor.position != position.offset { machine.rewind(partition, to: position.offset) }
            }
        }
        await shell.group?.commitAndWait(positions)
    }
}
