internal import Foundation

/// Hosts of a network of their own: a namespace each, joined by a bridge in another. Needs root, and `ip`.
///
/// Used by one task at a time. Networks of two processes do not meet.
package final class Network {
    /// Of the namespaces that belong to this network.
    package let prefix: String
    /// The first three numbers of its addresses.
    private let subnet: String
    private var hosts: [Host] = []
    private var hub: String { "\(prefix)hub" }

    package struct Host: Hashable, Sendable {
        package var namespace: String
        package var address: String
        /// Its end of the cable in the hub.
        fileprivate var port: String
    }

    private static let interface = "net0"
    /// This machine's own number in the network.
    private static let ownNumber = 250

    /// - Parameter name: short, for telling namespaces apart: with it their names begin.
    package init(_ name: String) throws {
        guard geteuid() == 0 else {
            throw HostsError("network namespaces are made by root only: run this as root, or with sudo")
        }
        let pid = Int(ProcessInfo.processInfo.processIdentifier)
        prefix = "\(name)\(pid)-"
        subnet = "10.\(64 + pid / 256 % 64).\(pid % 256)"
        try Command.run("ip", "netns", "add", hub)
        try Command.run("ip", "-n", hub, "link", "add", "bridge0", "type", "bridge")
        try Command.run("ip", "-n", hub, "link", "set", "bridge0", "up")
    }

    /// A host more, reachable by all others.
    package func addHost(_ name: String) throws -> Host {
        let number = hosts.count + 1
        guard number < Self.ownNumber else { throw HostsError("the network has no room for another host") }
        let host = Host(namespace: prefix + name, address: "\(subnet).\(number)", port: "port\(number)")
        try Command.run("ip", "netns", "add", host.namespace)
        hosts.append(host)
        try Command.run(
            "ip", "link", "add", Self.interface, "netns", host.namespace, "type", "veth", "peer", "name",
            host.port, "netns", hub)
        try Command.run("ip", "-n", hub, "link", "set", host.port, "master", "bridge0")
        try Command.run("ip", "-n", hub, "link", "set", host.port, "up")
        try Command.run("ip", "-n", host.namespace, "addr", "add", "\(host.address)/24", "dev", Self.interface)
        try Command.run("ip", "-n", host.namespace, "link", "set", Self.interface, "up")
        try Command.run("ip", "-n", host.namespace, "link", "set", "lo", "up")
        return host
    }

    /// This machine itself gets a place in the network: what it connects to reaches the hosts.
    package func join() throws {
        let link = "hub\(ProcessInfo.processInfo.processIdentifier)"
        try Command.run("ip", "link", "add", link, "type", "veth", "peer", "name", "port0", "netns", hub)
        try Command.run("ip", "-n", hub, "link", "set", "port0", "master", "bridge0")
        try Command.run("ip", "-n", hub, "link", "set", "port0", "up")
        try Command.run("ip", "addr", "add", "\(subnet).\(Self.ownNumber)/24", "dev", link)
        try Command.run("ip", "link", "set", link, "up")
    }

    /// What `from` sends to `to` goes nowhere.
    package func block(_ from: Host, _ to: Host) throws {
        try Command.run("ip", "-n", from.namespace, "route", "replace", "blackhole", "\(to.address)/32")
    }

    package func unblock(_ from: Host, _ to: Host) throws {
        try Command.run("ip", "-n", from.namespace, "route", "del", "blackhole", "\(to.address)/32")
    }

    /// Pulls the host's cable: what it sends and what is sent to it goes nowhere, and nobody is told.
    package func unplug(_ host: Host) throws {
        try Command.run("ip", "-n", hub, "link", "set", host.port, "down")
    }

    package func plugIn(_ host: Host) throws {
        try Command.run("ip", "-n", hub, "link", "set", host.port, "up")
    }

    /// A link of 4 Mbit/s, which holds back up to 400 ms of what is sent.
    package func slow(_ host: Host) throws {
        try Command.run(
            "tc", "-n", host.namespace, "qdisc", "replace", "dev", Self.interface, "root", "tbf", "rate", "4mbit",
            "burst", "32kb", "latency", "400ms")
    }

    package func unslow(_ host: Host) throws {
        try Command.run("tc", "-n", host.namespace, "qdisc", "del", "dev", Self.interface, "root")
    }

    /// Removes every namespace; what runs in one loses its network.
    package func close() { Self.remove(prefix: prefix) }

    /// The same for a network that is known by its prefix only, as after an interruption.
    package static func remove(prefix: String) {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
        for namespace in all where namespace.hasPrefix(prefix) { try? Command.run("ip", "netns", "del", namespace) }
    }
}
