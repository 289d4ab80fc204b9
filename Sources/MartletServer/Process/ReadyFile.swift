internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The file that tells a supervisor or a script that the broker serves, and where: one line, HOST:PORT.
///
/// It appears whole, by rename, and goes when the broker begins to stop.
struct ReadyFile: Sendable {
    let path: FilePath

    init(path: String) {
        self.path = FilePath(path)
    }

    func write(address: HostPort) throws(SettingsError) {
        let temporary = FilePath(path.string + ".tmp")
        do {
            let file = try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll("\(address)\n".utf8) }
            let renamed = temporary.withPlatformString { from in path.withPlatformString { rename(from, $0) } }
            if renamed != 0 { throw Errno(rawValue: errno) }
        } catch {
            throw SettingsError("ready.file \(path): cannot be written: \(error)")
        }
    }

    /// Missing is fine: there is nothing to take back.
    func remove() {
        _ = path.withPlatformString { unlink($0) }
    }
}
