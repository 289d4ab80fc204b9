#if canImport(Darwin)
    package import Darwin
#else
    package import Glibc
#endif

/// The system calls that change a journal, so that tests can make them fail. Each behaves like the call of its name:
/// -1 and errno on failure.
package struct JournalSystem: Sendable {
    package var pwrite: @Sendable (_ file: CInt, _ bytes: UnsafeRawBufferPointer, _ position: off_t) -> Int
    package var ftruncate: @Sendable (_ file: CInt, _ size: off_t) -> CInt
    package var fsync: @Sendable (_ file: CInt) -> CInt
    package var rename: @Sendable (_ from: String, _ to: String) -> CInt

    package init(
        pwrite: @escaping @Sendable (CInt, UnsafeRawBufferPointer, off_t) -> Int,
        ftruncate: @escaping @Sendable (CInt, off_t) -> CInt,
        fsync: @escaping @Sendable (CInt) -> CInt,
        rename: @escaping @Sendable (String, String) -> CInt
    ) {
        self.pwrite = pwrite
        self.ftruncate = ftruncate
        self.fsync = fsync
        self.rename = rename
    }

    package static let real = JournalSystem(
        pwrite: { pwriteCall($0, $1.baseAddress, $1.count, $2) },
        ftruncate: { ftruncateCall($0, $1) },
        fsync: { fsyncCall($0) },
        rename: { renameCall($0, $1) })
}

// The members above hide the calls of the same name.
private func pwriteCall(_ file: CInt, _ bytes: UnsafeRawPointer?, _ count: Int, _ position: off_t) -> Int {
    pwrite(file, bytes, count, position)
}
private func ftruncateCall(_ file: CInt, _ size: off_t) -> CInt { ftruncate(file, size) }
private func fsyncCall(_ file: CInt) -> CInt { fsync(file) }
private func renameCall(_ from: String, _ to: String) -> CInt { rename(from, to) }
