internal import MartletBroker
internal import MartletCore
internal import MartletProtocol
internal import NIOCore
internal import Synchronization

/// Groups, from wire to coordinator and back. Requests are read on the connection's event loop, answers written on the
/// coordinator's.
struct GroupsAdapter: GroupsService {
    let coordinator: GroupCoordinator

    func findCoordinator(
        _ request: FindCoordinatorRequest, attachment: ByteBuffer, call: ServerCall<FindCoordinatorResponse>
    ) {
        do throws(BrokerError) {
            let broker = try coordinator.coordinator(of: String(wire: request.group))
            call.reply(
                FindCoordinatorResponse(
                    brokerID: broker.id, host: Array(broker.host.utf8), port: UInt32(broker.port)))
        } catch {
            call.reply(FindCoordinatorResponse(error: error.code.rawValue, message: error.message, brokerID: -1))
        }
    }

    // MARK: Membership

    func heartbeat(_ request: HeartbeatRequest, attachment: ByteBuffer, call: ServerCall<HeartbeatResponse>) {
        let group = String(wire: request.group)
        let reply: GroupCoordinator.Reply = { [coordinator] answer in
            call.reply(HeartbeatResponse(answer, topics: coordinator.topics))
        }
        do throws(BrokerError) {
            let memberID = try GroupName.member(request.memberID, "member_id")
            let instanceID = try GroupName.optional(request.instanceID, "instance_id")
            if request.memberEpoch < 0 {
                guard request.memberEpoch >= -2 else {
                    throw BrokerError(.invalidRequest, "member_epoch is \(request.memberEpoch); it is at least -2")
                }
                let leave = GroupLeave(
                    memberID: memberID, instanceID: instanceID, isForAWhile: request.memberEpoch == -2)
                return coordinator.leave(leave, from: group, reply: reply)
            }
            let wait = min(GroupTime(request.maxWaitMs), call.timeLeft)
            let heartbeat = try GroupHeartbeat(
                request, memberID: memberID, instanceID: instanceID, host: call.host, maxWait: wait)
            let ticket = coordinator.heartbeat(heartbeat, in: group, reply: reply)
            call.context.onAbandoned { ticket.abandon() }
        } catch {
            call.reply(HeartbeatResponse(error: error.code.rawValue, message: error.message))
        }
    }

    // MARK: Offsets

    func commitOffsets(
        _ request: CommitOffsetsRequest, attachment: ByteBuffer, call: ServerCall<CommitOffsetsResponse>
    ) {
        do throws(BrokerError) {
            let commit = try OffsetCommit(request)
            coordinator.commit(commit, in: String(wire: request.group)) { answer in
                call.reply(CommitOffsetsResponse(answer))
            }
        } catch {
            call.reply(CommitOffsetsResponse(error: error.code.rawValue, message: error.message))
        }
    }

    func fetchOffsets(_ request: FetchOffsetsRequest, attachment: ByteBuffer, call: ServerCall<FetchOffsetsResponse>) {
        do throws(BrokerError) {
            let partitions = try request.partitions.map { (list) throws(BrokerError) in try list.partitions() }
            coordinator.fetchOffsets(partitions, of: String(wire: request.group)) { answer in
                call.reply(FetchOffsetsResponse(answer))
            }
        } catch {
            call.reply(FetchOffsetsResponse(error: error.code.rawValue, message: error.message))
        }
    }

    // MARK: Administration

    func listGroups(_ request: ListGroupsRequest, attachment: ByteBuffer, call: ServerCall<ListGroupsResponse>) {
        coordinator.list { groups, isComplete in
            var response = ListGroupsResponse(
                groups: groups.map {
                    ListedGroup(
                        group: Array($0.name.utf8), state: Array($0.state.rawValue.utf8),
                        assignor: Array($0.assignor.rawValue.utf8), members: UInt32($0.memberCount))
                })
            if !isComplete {
                response.error = ErrorCode.coordinatorLoadInProgress.rawValue
                response.message = "some groups are still being loaded"
            }
            call.reply(response)
        }
    }

    func describeGroups(
        _ request: DescribeGroupsRequest, attachment: ByteBuffer, call: ServerCall<DescribeGroupsResponse>
    ) {
        let answers = Answers<MartletProtocol.GroupDescription>(request.groups.count) {
            call.reply(DescribeGroupsResponse(groups: $0))
        }
        for (index, name) in request.groups.enumerated() {
            coordinator.describe(String(wire: name)) { [coordinator] answer in
                answers.set(index, MartletProtocol.GroupDescription(name, answer, topics: coordinator.topics))
            }
        }
    }

    func deleteGroups(_ request: DeleteGroupsRequest, attachment: ByteBuffer, call: ServerCall<DeleteGroupsResponse>) {
        let answers = Answers<GroupResult>(request.groups.count) { call.reply(DeleteGroupsResponse(groups: $0)) }
        for (index, name) in request.groups.enumerated() {
            coordinator.delete(String(wire: name)) { answers.set(index, GroupResult(name, $0)) }
        }
    }

    func alterGroup(_ request: AlterGroupRequest, attachment: ByteBuffer, call: ServerCall<AlterGroupResponse>) {
        let change: @Sendable (GroupSettings) throws(BrokerError) -> GroupSettings = {
            (settings) throws(BrokerError) in
            var settings = settings
            for setting in request.set { try settings.set(String(wire: setting.name), to: String(wire: setting.value)) }
            for name in request.reset { try settings.reset(String(wire: name)) }
            return settings
        }
        coordinator.alter(String(wire: request.group), change) { answer in
            call.reply(AlterGroupResponse(group: GroupResult(request.group, answer)))
        }
    }
}

/// Gathers answers that come one by one, in the order of the questions.
///
/// Sendable: its state is in a Mutex.
private final class Answers<Answer: Sendable>: Sendable {
    private struct State {
        var answers: [Answer?]
        var missing: Int
    }

    private let state: Mutex<State>
    private let finish: @Sendable ([Answer]) -> Void

    init(_ count: Int, _ finish: @escaping @Sendable ([Answer]) -> Void) {
        state = Mutex(State(answers: Array(repeating: nil, count: count), missing: count))
        self.finish = finish
        if count == 0 { finish([]) }
    }

    func set(_ index: Int, _ answer: Answer) {
        let all: [Answer]? = state.withLock { state in
            state.answers[index] = answer
            state.missing -= 1
            return state.missing == 0 ? state.answers.compactMap { $0 } : nil
        }
        if let all { finish(all) }
    }
}

extension ServerCall {
    /// Until the caller stops waiting, in milliseconds.
    fileprivate var timeLeft: GroupTime { max(0, (context.deadline - .now()).nanoseconds / 1_000_000) }

    /// Where the call came from, without the port.
    fileprivate var host: String {
        let peer = context.peer
        return peer.lastIndex(of: ":").map { String(peer[..<$0]) } ?? peer
    }
}
