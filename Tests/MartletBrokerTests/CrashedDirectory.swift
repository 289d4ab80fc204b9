@testable import MartletStorage

extension TemporaryDirectory {
    /// What a crash leaves of a broker's directory, taken while the broker runs. It does not tell that it is a copy, which
    /// would count as lossy (DECISIONS 36): it stands in for the directory itself.
    convenience init(crashed running: TemporaryDirectory) throws {
        try self.init(copying: running)
        try IdentityFile.read(StoreLayout(path).identityPath, .system)?.update { $0.place = nil }
    }
}
