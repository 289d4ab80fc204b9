internal import MartletCore
internal import Synchronization

/// The file in which a data directory says whose data it holds. Any thread; whoever has it holds the directory's lock.
final class IdentityFile: Sendable {
    private static let sizeLimitBytes = 1 << 16

    private let io: LogIO
    private let path: String
    private let value: Mutex<DirectoryIdentity>

    private init(_ path: String, _ io: LogIO, _ identity: DirectoryIdentity) {
        self.io = io
        self.path = path
        value = Mutex(identity)
    }

    /// Nil when there is no such file. Blocks.
    ///
    /// - Throws: `corrupt`, `newerFormat`, what the disk says.
    static func read(_ path: String, _ io: LogIO) throws(StorageError) -> IdentityFile? {
        let file = try io.readCheckpoint(
            path, newest: DirectoryIdentity.formatVersion, limitBytes: sizeLimitBytes)
        guard let file else { return nil }
        guard let identity = DirectoryIdentity(encoded: file.content, version: file.version) else {
            throw StorageError(.corrupt, "\(path) cannot be read: it says whose data the directory holds")
        }
        return IdentityFile(path, io, identity)
    }

    /// The same, or a new one, durable on return, when there is none.
    static func open(_ path: String, _ io: LogIO) throws(StorageError) -> IdentityFile {
        if let file = try read(path, io) { return file }
        return try create(path, io)
    }

    private static func create(_ path: String, _ io: LogIO) throws(StorageError) -> IdentityFile {
        var generator = SystemRandomNumberGenerator()
        let file = IdentityFile(path, io, DirectoryIdentity(directoryID: .random(using: &generator)))
        try file.write(file.identity)
        return file
    }

    var identity: DirectoryIdentity { value.withLock { $0 } }

    /// Durable on return; on failure nothing changed. Blocks.
    func update(_ body: (inout DirectoryIdentity) -> Void) throws(StorageError) {
        try value.withLock { (identity) throws(StorageError) in
            var changed = identity
            body(&changed)
            guard changed != identity else { return }
            try write(changed)
            identity = changed
        }
    }

    private func write(_ identity: DirectoryIdentity) throws(StorageError) {
        try io.writeCheckpoint(path, version: DirectoryIdentity.formatVersion, identity.encoded())
    }
}
