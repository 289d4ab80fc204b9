package import MartletMetadata

/// How to reach an etcd cluster, and where in it the metadata lies.
package struct EtcdOptions: Sendable {
    /// Members of the etcd cluster; when one does not answer the next is asked. At least one.
    package var endpoints: [EtcdEndpoint]
    /// The name of the Martlet cluster: its keys lie under `/martlet/<cluster>/`. 1 to 64 of `[A-Za-z0-9._-]`.
    package var cluster: String
    /// How long one member may take to answer one call before the next member is asked. 50 ms to 60 s.
    package var callTimeout: Duration = .seconds(2)
    /// How long a broker's session outlives its last sign of life. Whole seconds, 2 to 60: etcd's leases count seconds.
    package var sessionTimeout: Duration = .seconds(6)
    /// Nil: whatever the endpoints' URLs say, with the system's certificate authorities.
    package var tls: EtcdTLS?
    /// Nil: without authentication.
    package var user: EtcdUser?

    package init(endpoints: [EtcdEndpoint], cluster: String) {
        self.endpoints = endpoints
        self.cluster = cluster
    }

    /// Refuses what cannot work, naming the value and what is allowed.
    package func check() throws(MetadataError) {
        guard !endpoints.isEmpty else { throw Self.refusal("no etcd endpoint is given, such as http://localhost:2379") }
        guard (1...64).contains(cluster.utf8.count), cluster.utf8.allSatisfy(Self.isNameByte) else {
            throw Self.refusal("the cluster name \"\(cluster)\" is not 1 to 64 of [A-Za-z0-9._-]")
        }
        guard (.milliseconds(50)...(.seconds(60))).contains(callTimeout) else {
            throw Self.refusal("the etcd call timeout is \(callTimeout), allowed are 50 ms to 60 s")
        }
        guard (2...60).contains(sessionTimeout.components.seconds), sessionTimeout.components.attoseconds == 0 else {
            throw Self.refusal("the session timeout on etcd is \(sessionTimeout), allowed are whole seconds, 2 to 60")
        }
        if let tls {
            guard (tls.certificateFile == nil) == (tls.keyFile == nil) else {
                throw Self.refusal("etcd's client certificate and its key are given both or not at all")
            }
            guard endpoints.allSatisfy(\.isSecure) else {
                throw Self.refusal("TLS is set up for etcd, but not all endpoints begin with https://")
            }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func refusal(_ reason: String) -> MetadataError {
        MetadataError(.refused, reason)
    }
}

/// Certificates, as paths of PEM files.
package struct EtcdTLS: Sendable {
    /// Of the authority that signed the members' certificates; nil: those that the system trusts.
    package var authorityFile: String?
    /// This broker's certificate chain, for members that want one; with `keyFile`.
    package var certificateFile: String?
    package var keyFile: String?

    package init(authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// A user of etcd's own, who needs to read and write all keys under `/martlet/<cluster>/`.
package struct EtcdUser: Sendable {
    package var name: String
    package var password: String

    package init(name: String, password: String) {
        self.name = name
        self.password = password
    }
}

/// One member of an etcd cluster.
package struct EtcdEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address; an IPv6 address without its brackets.
    package var host: String
    package var port: Int
    package var isSecure: Bool

    package static let portDefault = 2_379

    package init(host: String, port: Int = Self.portDefault, isSecure: Bool = false) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
    }

    /// Reads `http://host:port`, `https://host:port` or `host:port`; the port may be left out. An IPv6 address stands in
    /// brackets.
    package init(_ url: String) throws(MetadataError) {
        let refusal = MetadataError(
            .refused, "\"\(url)\" is no etcd endpoint; write it like http://host:2379 or https://host:2379")
        var rest = url[...]
        var isSecure = false
        if rest.hasPrefix("https://") {
            isSecure = true
            rest = rest.dropFirst("https://".count)
        } else if rest.hasPrefix("http://") {
            rest = rest.dropFirst("http://".count)
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var host: Substring
        var port: Substring?
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { throw refusal }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let tail = rest[rest.index(after: end)...]
            guard tail.isEmpty || tail.first == ":" else { throw refusal }
            port = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = rest.firstIndex(of: ":") {
            host = rest[..<colon]
            port = rest[rest.index(after: colon)...]
        } else {
            host = rest
            port = nil
        }
        guard !host.isEmpty, !host.contains(where: { "/@?# ".contains($0) }) else { throw refusal }
        let number = port.map { Int($0) } ?? Self.portDefault
        guard let number, (1...65_535).contains(number) else { throw refusal }
        self.init(host: String(host), port: number, isSecure: isSecure)
    }

    /// The URL.
    package var description: String {
        "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
