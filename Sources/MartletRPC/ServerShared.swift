import Logging
import MartletProtocol
import NIOCore
import Synchronization

/// Counts of a server since its start, and its state now. Bytes are those of frames.
package struct RPCServerStats: Sendable, Equatable {
    package var connectionsOpen = 0
    package var connectionsAccepted = 0
    /// Closed because more than the limit were open.
    package var connectionsRefused = 0
    /// Peers that did not speak the protocol, and those that broke it.
    package var strangers = 0
    package var protocolErrors = 0
    /// Peers that were too slow to send a frame, to say Hello, or to take their answers.
    package var slowPeersClosed = 0
    package var framesReceived = 0
    package var framesSent = 0
    package var bytesReceived = 0
    package var bytesSent = 0
    package var callsOpen = 0
    /// Answered with a status before their method was called.
    package var callsRefused = 0
    package var callsCancelled = 0
    package var callsExpired = 0
    package var memory = MemoryBudget.Usage(usedBytes: 0, usedBytesMax: 0, waiting: 0)
}

/// Counters that all event loops add to. Relaxed: each figure is right, together they are of about one moment.
final class ServerCounters: Sendable {
    let connectionsOpen = Atomic(0)
    let connectionsAccepted = Atomic(0)
    let connectionsRefused = Atomic(0)
    let strangers = Atomic(0)
    let protocolErrors = Atomic(0)
    let slowPeersClosed = Atomic(0)
    let framesReceived = Atomic(0)
    let framesSent = Atomic(0)
    let bytesReceived = Atomic(0)
    let bytesSent = Atomic(0)
    let callsOpen = Atomic(0)
    let callsRefused = Atomic(0)
    let callsCancelled = Atomic(0)
    let callsExpired = Atomic(0)

    func snapshot(budget: MemoryBudget) -> RPCServerStats {
        RPCServerStats(
            connectionsOpen: connectionsOpen.load(ordering: .relaxed),
            connectionsAccepted: connectionsAccepted.load(ordering: .relaxed),
            connectionsRefused: connectionsRefused.load(ordering: .relaxed),
            strangers: strangers.load(ordering: .relaxed),
            protocolErrors: protocolErrors.load(ordering: .relaxed),
            slowPeersClosed: slowPeersClosed.load(ordering: .relaxed),
            framesReceived: framesReceived.load(ordering: .relaxed),
            framesSent: framesSent.load(ordering: .relaxed),
            bytesReceived: bytesReceived.load(ordering: .relaxed),
            bytesSent: bytesSent.load(ordering: .relaxed),
            callsOpen: callsOpen.load(ordering: .relaxed),
            callsRefused: callsRefused.load(ordering: .relaxed),
            callsCancelled: callsCancelled.load(ordering: .relaxed),
            callsExpired: callsExpired.load(ordering: .relaxed),
            memory: budget.usage)
    }
}

extension Atomic<Int> {
    func add(_ count: Int = 1) {
        wrappingAdd(count, ordering: .relaxed)
    }

    func subtract(_ count: Int = 1) {
        wrappingSubtract(count, ordering: .relaxed)
    }
}

/// What all connections of a server share. Any thread.
final class ServerShared: Sendable {
    let options: RPCServerOptions
    let methods: [MethodName: ServiceTable.Method]
    let counters = ServerCounters()
    let logger: Logger

    init(options: RPCServerOptions, services: [ServiceTable], logger: Logger) {
        self.options = options
        self.logger = logger
        var methods: [MethodName: ServiceTable.Method] = [:]
        for service in services + [PingService.table] {
            for (name, method) in service.methods {
                let isNew = methods.updateValue(method, forKey: MethodName(service.name, name)) == nil
                precondition(isNew, "\(service.name).\(name) is served twice")
            }
        }
        self.methods = methods
    }
}
