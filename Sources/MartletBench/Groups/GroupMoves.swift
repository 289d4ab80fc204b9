/// A hundred members, twenty of which are restarted one after another: how many partitions move, beside the least that
/// keeps the members' shares within one of each other.
struct GroupMoves: Scenario {
    private static let memberCount = 100
    private static let partitionCount = 300
    private static let restarts = 20

    var title: String { Figure.groupMoves.title }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withBroker { broker in
            try await BareGroup.with(
                members: Self.memberCount, partitions: Self.partitionCount, on: broker
            ) { group in
                var members: [BareMember] = []
                for index in 0..<Self.memberCount {
                    members.append(group.member("member-\(index)", index: index))
                    await members[index].start()
                }
                try await group.settle(members)
                let before = await total(members)
                var least = 0
                var departed = 0
                for restart in 0..<Self.restarts {
                    let index = restart * Self.memberCount / Self.restarts
                    least += await members[index].partitions.count + Self.partitionCount / Self.memberCount
                    departed += await members[index].gained
                    try await members.remove(at: index).leave()
                    try await group.settle(members)
                    members.insert(group.member("again-\(restart)", index: index), at: index)
                    await members[index].start()
                    try await group.settle(members)
                    bench.progress.show(fraction: Double(restart + 1) / Double(Self.restarts))
                }
                let moves = await total(members) + departed - before
                for member in members { try await member.leave() }
                return Outcome(samples: [Sample(.groupMoves, Double(moves) / Double(least))])
            }
        }
    }

    private func total(_ members: [BareMember]) async -> Int {
        var total = 0
        for member in members { total += await member.gained }
        return total
    }
}
