/// A thousand members of one group to whom nothing happens.
struct IdleGroup: Scenario {
    private static let memberCount = 1000
    private static let duration = Duration.seconds(10)

    var title: String { Figure.groupIdleCPU.title }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withOwnBroker { broker, process in
            try await BareGroup.with(members: Self.memberCount, partitions: Self.memberCount, on: broker) { group in
                let members = (0..<Self.memberCount).map { group.member("member-\($0)", index: $0) }
                for member in members { await member.start() }
                try await group.settle(members)
                // The last of them hear of the last change with their next heartbeat.
                try await Task.sleep(for: .seconds(2))
                let (before, start) = (try process.usage(), ContinuousClock.now)
                try await Task.sleep(for: Self.duration)
                let cores =
                    (try process.usage().cpu - before.cpu).inSeconds / (ContinuousClock.now - start).inSeconds
                for member in members { try await member.leave() }
                return Outcome(samples: [Sample(.groupIdleCPU, cores)])
            }
        }
    }
}
