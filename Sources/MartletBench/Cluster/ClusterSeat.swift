import MartletHosts

/// Where one program of a cluster runs and listens: on loopback, or on a host of its own.
struct ClusterSeat {
    let ip: String
    let ports: [Int]
    /// Nil: this machine.
    let host: Network.Host?

    /// On loopback, with as many free ports.
    static func onLoopback(ports: Int) throws -> ClusterSeat {
        ClusterSeat(ip: "127.0.0.1", ports: try (0..<ports).map { _ in try FreePort.find() }, host: nil)
    }

    static func on(_ host: Network.Host, ports: [Int]) -> ClusterSeat {
        ClusterSeat(ip: host.address, ports: ports, host: host)
    }

    /// "host:port" of its first port, or another.
    func address(_ index: Int = 0) -> String { "\(ip):\(ports[index])" }

    /// Starts `program` there.
    func start(_ name: String, _ program: String, _ arguments: [String], logPath: String) throws -> BenchProcess {
        guard let host else {
            return try BenchProcess(name, program: program, arguments: arguments, logPath: logPath)
        }
        // `ip` becomes the program: signals reach it.
        return try BenchProcess(
            name, program: try BenchProcess.find("ip"),
            arguments: ["netns", "exec", host.namespace, program] + arguments, logPath: logPath)
    }
}
