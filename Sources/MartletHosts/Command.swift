internal import Foundation

/// Programs of the system, run to their end.
package enum Command {
    /// Throws when it fails, with what it said: a fault that cannot be made fails the run.
    package static func run(_ words: String...) throws {
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
            throw HostsError("`\(words.joined(separator: " "))` failed: \(said)")
        }
    }
}

/// A host, a link or a fault that could not be made.
package struct HostsError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
