internal import DequeModule
internal import MartletCore

/// What is asked of one group.
struct GroupRequest {
    enum Decision {
        /// Let the group have this; make it if need be.
        case event(GroupEvent)
        case answer(GroupAnswer)
    }

    let group: String
    let token: GroupToken
    /// What to do, by what there is of the group.
    let decide: (Group?) -> Decision
    let reply: (GroupAnswer) -> Void
}

/// The groups of one partition of `__consumer_offsets`, while this broker leads it: runs their state machines, and
/// hands their records out in batches, one at a time. While one is being synced, everything that comes is gathered for
/// the next: a commit costs a sync only when it is alone. On the coordinator's event loop.
final class GroupShard {
    /// What the shard wants to be appended next.
    struct Append {
        let bytes: [UInt8]
        fileprivate let entries: [GroupBatchWriter.Entry]
    }

    let partition: PartitionIndex
    let epoch: LeaderEpoch
    private var groups: [String: Group]
    private var deadlines = MinHeap<String>()
    /// The entry of each group in the heap that counts: its first.
    private var armed: [String: GroupTime] = [:]
    private var replies: [GroupToken: (GroupAnswer) -> Void] = [:]
    /// What waits for the batch on its way to be kept.
    private var gathered: Deque<GroupBatchWriter.Entry> = []
    /// Entries of the batch on its way; 0: there is none.
    private var appending = 0
    /// Who waits until what had happened by then is kept: how many entries that still takes.
    private var watchers: [(remaining: Int, body: (_ isKept: Bool) -> Void)] = []
    private var writer: GroupBatchWriter

    /// Begins to serve groups that were loaded, all of it below the high watermark.
    init(
        partition: PartitionIndex, epoch: LeaderEpoch, groups: [String: Group], in context: GroupContext
    ) throws(BatchError) {
        self.partition = partition
        self.epoch = epoch
        self.groups = groups
        writer = try GroupBatchWriter()
        for name in groups.keys.sorted() { change(name) { $0.finishRestoring(in: context) } }
    }

    var groupCount: Int { groups.count }
    var nextDeadline: GroupTime? { deadlines.first }

    var listed: [GroupListing] {
        groups.values.map {
            GroupListing(name: $0.name, state: $0.state, assignor: $0.assignor, memberCount: $0.memberCount)
        }
    }

    // MARK: Events

    /// `refusal`: asked before a group comes to be; why there may be no more of them.
    func take(_ request: GroupRequest, in context: GroupContext, refusal: () -> BrokerError?) {
        let group = groups[request.group]
        switch request.decide(group) {
        case .answer(let answer): request.reply(answer)
        case .event(let event):
            if group == nil, let refusal = refusal() { return request.reply(.failure(refusal)) }
            replies[request.token] = request.reply
            change(request.group) { $0.handle(event, in: context) }
        }
    }

    func abandon(_ token: GroupToken, of group: String, in context: GroupContext) {
        guard replies.removeValue(forKey: token) != nil else { return }
        change(group) { $0.handle(.abandoned(token), in: context) }
    }

    func passTime(in context: GroupContext) {
        while let (due, name) = deadlines.pop(upTo: context.now) {
            guard armed[name] == due else { continue }
            armed[name] = nil
            if groups[name] != nil { change(name) { $0.handle(.timePassed, in: context) } }
        }
    }

    func takeTopics(in context: GroupContext) {
        for name in groups.keys.sorted() { change(name) { $0.handle(.topicsChanged, in: context) } }
    }

    func expireOffsets(retentionMs: Int64, in context: GroupContext) {
        for name in groups.keys.sorted() {
            change(name) { $0.handle(.expireOffsets(retentionMs: retentionMs), in: context) }
        }
    }

    /// Runs `body` once everything that has happened so far is kept, or the shard has failed: nothing is told before
    /// (RULES 24).
    func whenKept(_ body: @escaping (_ isKept: Bool) -> Void) {
        let remaining = appending + gathered.count
        if remaining == 0 { body(true) } else { watchers.append((remaining, body)) }
    }

    /// Leadership is over, or the log is in doubt: everybody is told, nothing is remembered.
    func fail(_ error: BrokerError) {
        let waiting = replies.values
        let watching = watchers
        watchers = []
        replies = [:]
        groups = [:]
        gathered = []
        for reply in waiting { reply(.failure(error)) }
        for watcher in watching { watcher.body(false) }
    }

    private func change(_ name: String, _ body: (inout Group) -> [GroupAction]) {
        let actions = body(&groups[name, default: Group(name: name)])
        for action in actions {
            switch action {
            case .append(let records, let position):
                gathered.append(GroupBatchWriter.Entry(group: name, position: position, records))
            case .answer(let token, let answer): replies.removeValue(forKey: token)?(answer)
            }
        }
        guard let group = groups[name] else { return }
        if group.isVacant {
            groups[name] = nil
            armed[name] = nil
        } else if let next = group.nextDeadline {
            arm(name, next)
        }
    }

    private func arm(_ name: String, _ deadline: GroupTime) {
        guard deadline < armed[name] ?? .max else { return }
        armed[name] = deadline
        deadlines.insert(name, at: deadline)
    }

    // MARK: Appending

    /// What is to be appended now; nil while there is nothing, or the last batch is not kept yet.
    func nextAppend(at time: TimestampMs) throws(BatchError) -> Append? {
        guard appending == 0, !gathered.isEmpty else { return nil }
        let (bytes, count) = try writer.batch(of: gathered, at: time)
        let entries = Array(gathered.prefix(count))
        gathered.removeFirst(count)
        appending = count
        return Append(bytes: bytes, entries: entries)
    }

    /// The batch is below the high watermark.
    func appended(_ append: Append, in context: GroupContext) {
        appending = 0
        var reached: [String: Int64] = [:]
        for entry in append.entries { reached[entry.group] = entry.position }
        for (name, position) in reached where groups[name] != nil {
            change(name) { $0.handle(.durable(position), in: context) }
        }
        for index in watchers.indices { watchers[index].remaining -= append.entries.count }
        let done = Array(watchers.prefix { $0.remaining <= 0 })
        watchers.removeFirst(done.count)
        for watcher in done { watcher.body(true) }
    }
}
