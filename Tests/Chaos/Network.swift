import Foundation
import MartletTestSupport

/// Hosts of a network of their own: a namespace each, joined by a bridge in another. Needs root.
///
/// Used by one task at a time.
final class Network {
    /// Sets this run's namespaces apart from those of another.
    private let prefix: String
    private var hosts: [Host] = []
    private var hub: String { "\(prefix)hub" }

    struct Host: Hashable, Sendable {
        var namespace: String
        var address: String
    }

    private static let interface = "net0"

    init() throws {
        prefix = "chaos\(ProcessInfo.processInfo.processIdentifier)-"
        try Command.run("ip", "netns", "add", hub)
        try Command.run("ip", "-n", hub, "link", "add", "bridge0", "type", "bridge")
        try Command.run("ip", "-n", hub, "link", "set", "bridge0", "up")
    }

    /// A host more, reachable by all others.
    func addHost(_ name: String) throws -> Host {
        let number = hosts.count + 1
        let host = Host(namespace: prefix + name, address: "10.77.0.\(number)")
        try Command.run("ip", "netns", "add", host.namespace)
        hosts.append(host)
        try Command.run(
            "ip", "link", "add", Self.interface, "netns", host.namespace, "type", "veth", "peer", "name",
            "port\(number)", "netns", hub)
        try Command.run("ip", "-n", hub, "link", "set", "port\(number)", "master", "bridge0")
        try Command.run("ip", "-n", hub, "link", "set", "port\(number)", "up")
        try Command.run("ip", "-n", host.namespace, "addr", "add", "\(host.address)/24", "dev", Self.interface)
        try Command.run("ip", "-n", host.namespace, "link", "set", Self.interface, "up")
        try Command.run("ip", "-n", host.namespace, "link", "set", "lo", "up")
        return host
    }

    /// This machine itself gets a place in the network: what it connects to reaches the hosts.
    func join() throws {
        let link = "chaos\(ProcessInfo.processInfo.processIdentifier)"
        try Command.run("ip", "link", "add", link, "type", "veth", "peer", "name", "port0", "netns", hub)
        try Command.run("ip", "-n", hub, "link", "set", "port0", "master", "bridge0")
        try Command.run("ip", "-n", hub, "link", "set", "port0", "up")
        try Command.run("ip", "addr", "add", "10.77.0.250/24", "dev", link)
        try Command.run("ip", "link", "set", link, "up")
    }

    /// What `from` sends to `to` goes nowhere.
    func block(_ from: Host, _ to: Host) throws {
        try Command.run("ip", "-n", from.namespace, "route", "replace", "blackhole", "\(to.address)/32")
    }

    func unblock(_ from: Host, _ to: Host) throws {
        try Command.run("ip", "-n", from.namespace, "route", "del", "blackhole", "\(to.address)/32")
    }

    /// A link of 4 Mbit/s, which holds back up to 400 ms of what is sent.
    func slow(_ host: Host) throws {
        try Command.run(
            "tc", "-n", host.namespace, "qdisc", "replace", "dev", Self.interface, "root", "tbf", "rate", "4mbit",
            "burst", "32kb", "latency", "400ms")
    }

    func unslow(_ host: Host) throws {
        try Command.run("tc", "-n", host.namespace, "qdisc", "del", "dev", Self.interface, "root")
    }

    /// Removes every namespace; what runs in one loses its network.
    func close() {
        for namespace in hosts.map(\.namespace) + [hub] { try? Command.run("ip", "netns", "del", namespace) }
    }
}

/// Programs of the system, run to their end.
enum Command {
    /// Throws when it fails, with what it said: a fault that cannot be made fails the run.
    static func run(_ words: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestFailure("`\(words.joined(separator: " "))` failed: \(said)")
        }
    }
}
