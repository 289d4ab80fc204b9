/// The figures of `groups`.
extension Figure {
    package static let groupKill = Figure("groups.kill", "kill -9 until its partitions are read", .seconds)
    package static let groupLeave = Figure("groups.leave", "leave until its partitions are read", .seconds)
    package static let groupJoin = Figure("groups.join", "start of a member until it reads", .seconds)
    package static let groupMissedPolls = Figure(
        "groups.polls.missed", "polls missed by partitions that stay", .count)
    package static let groupMoves = Figure("groups.moves", "moves, over the least there can be", .ratio)
    package static let groupCommits = Figure("groups.commits", "partition offsets committed", .recordsPerSecond)
    package static let groupCommitsPerBatch = Figure("groups.commits.batch", "offsets in one batch", .count)
    package static let groupBatchesPerSync = Figure("groups.batches.sync", "batches for one sync", .ratio)
    package static let groupCommitCPU = Figure(
        "groups.commits.cpu", "broker CPU per offset committed", .nanosecondsPerRecord)
    package static let groupIdleCPU = Figure("groups.idle.cpu", "broker CPU, 1,000 idle members", .cores)
    package static let groupLoad = Figure("groups.load", "start with 1,000,000 committed offsets", .seconds)
    package static let groupLoadAfterKill = Figure("groups.load.kill", "the same after kill -9", .seconds)
}
