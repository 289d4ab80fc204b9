import Logging
import MartletCore
import MartletProtocol
import NIOCore

/// A look at how fast the peer takes its answers.
struct WriteStall {
    /// When to look again.
    var checkAt: NIODeadline
    /// Bytes that had left when this look began.
    var bytesSent: Int
}

/// A look at how fast a body comes that memory is held for.
struct BodyProgress {
    /// When to look again.
    var checkAt: NIODeadline
    /// Bytes of the body that were still to come when this look began.
    var bytesMissing: Int
}

/// Deadlines of calls, and peers that are too slow.
extension ServerConnectionHandler {
    func armTimer(_ deadline: NIODeadline) {
        guard let context else { return }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer.arm(deadline, on: context.eventLoop) { connection.value.timerFired() }
    }

    private func timerFired() {
        timer.fired()
        guard let context, ending != .closed else { return }
        let now = context.eventLoop.now
        if isPaused {
            // The rest of the frame may be waiting for us. Its time begins anew when it is read on.
            frameDeadline = nil
        }
        if let reason = lateness(now) {
            shared.counters.slowPeersClosed.add()
            shared.logger.notice("closing a connection: \(reason)", metadata: ["peer": "\(peer)"])
            context.close(promise: nil)
            return
        }
        if let deadline = lingerDeadline, deadline <= now {
            context.close(promise: nil)
            return
        }
        for (id, call) in state.expired(now: now) {
            shared.counters.callsExpired.add()
            call.abandon()
            fail(
                id,
                RPCFailure(.deadlineExceeded, error: .requestTimedOut, "the call was not answered within its timeout"))
        }
        let due = [
            state.earliestDeadline, helloDeadline, frameDeadline, bodyProgress?.checkAt, stall?.checkAt, lingerDeadline,
        ].compactMap(\.self)
        if let next = due.min() {
            armTimer(next)
        }
    }

    /// Why this peer is too slow to be kept.
    private func lateness(_ now: NIODeadline) -> String? {
        if let deadline = helloDeadline, deadline <= now, ending == .none {
            return "no Hello within \(shared.options.helloTimeout.nanoseconds / 1_000_000_000) s"
        }
        if let deadline = frameDeadline, deadline <= now, ending == .none {
            return "a frame that was begun did not come to its end in time"
        }
        if let bodyProgress, bodyProgress.checkAt <= now, bodyKeepsOthersWaiting(bodyProgress, now) {
            return "others wait for the memory of a request that does not come"
        }
        if let stall, stall.checkAt <= now, writesAreStalled(stall, now) {
            return "the peer does not take its answers"
        }
        return nil
    }

    /// More of a frame is to come: gives it a deadline, once.
    func watchFrame(_ context: ChannelHandlerContext) {
        guard frameDeadline == nil, decoder.isInsideFrame else { return }
        let deadline = context.eventLoop.now + shared.options.frameAllowance(bodyBytes: decoder.bodyBytesMissing)
        frameDeadline = deadline
        armTimer(deadline)
        if decoder.bodyBytesMissing > 0 { watchBody(context.eventLoop.now) }
    }

    private func watchBody(_ now: NIODeadline) {
        let checkAt = now + shared.options.memoryHoldTimeout
        bodyProgress = BodyProgress(checkAt: checkAt, bytesMissing: decoder.bodyBytesMissing)
        armTimer(checkAt)
    }

    /// The frame's own deadline is generous. While memory is short, that would let a few peers who send nothing keep it
    /// from all others for minutes.
    private func bodyKeepsOthersWaiting(_ last: BodyProgress, _ now: NIODeadline) -> Bool {
        bodyProgress = nil
        guard decoder.bodyBytesMissing > 0 else { return false }
        watchBody(now)
        let enough =
            shared.options.memoryHoldTimeout.nanoseconds * Int64(shared.options.slowestBytesPerSecond) / 1_000_000_000
        return shared.options.budget.isWanted && last.bytesMissing - decoder.bodyBytesMissing < enough
    }

    /// Answers could not all be written at once: has a look, later, at whether the peer takes them.
    func watchWrites(_ context: ChannelHandlerContext) {
        guard stall == nil, !responses.isIdle || !context.channel.isWritable else { return }
        let deadline = context.eventLoop.now + shared.options.writeStallTimeout
        stall = WriteStall(checkAt: deadline, bytesSent: bytesQueued - bytesWaiting)
        armTimer(deadline)
    }

    private func writesAreStalled(_ last: WriteStall, _ now: NIODeadline) -> Bool {
        let waiting = bytesWaiting
        stall = nil
        guard waiting > 0 else { return false }
        let sent = bytesQueued - waiting
        stall = WriteStall(checkAt: now + shared.options.writeStallTimeout, bytesSent: sent)
        return sent - last.bytesSent < shared.options.slowestBytesPerSecond
    }

    /// Bytes in the channel's write queue.
    private var bytesWaiting: Int {
        guard let options = context?.channel.syncOptions else { return 0 }
        return (try? options.getOption(.bufferedWritableBytes)) ?? 0
    }
}
