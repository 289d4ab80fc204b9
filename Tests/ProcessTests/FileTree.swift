import Foundation
import MartletCore
import MartletTestSupport

/// The files of a stopped broker, to look at and to spoil.
enum FileTree {
    /// All files below `directory`, in order.
    static func files(_ directory: String) throws -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: directory) else {
            throw TestFailure("\(directory) cannot be listed")
        }
        return walk.compactMap { $0 as? String }.map { "\(directory)/\($0)" }.filter { path in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
        }.sorted()
    }

    static func files(_ directory: String, ending suffix: String) throws -> [String] {
        try files(directory).filter { $0.hasSuffix(suffix) }
    }

    /// Every file's path and content.
    static func digest(_ directory: String) throws -> [String: Data] {
        Dictionary(
            uniqueKeysWithValues: try files(directory).map { ($0, try Data(contentsOf: URL(fileURLWithPath: $0))) })
    }

    static func read(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }

    /// Puts a tree in the place of another.
    static func copy(_ from: String, to: String) throws {
        try? FileManager.default.removeItem(atPath: to)
        try FileManager.default.copyItem(atPath: from, toPath: to)
    }

    static func change(_ path: String, _ body: (inout Data) throws -> Void) throws {
        var content = try read(path)
        try body(&content)
        try content.write(to: URL(fileURLWithPath: path))
    }
}

/// A checkpoint file's outside: FORMAT.md, "Checkpoints".
enum Checkpoint {
    /// Makes it one of the next version of its content, its checksum right.
    static func raiseVersion(of path: String) throws {
        try FileTree.change(path) { content in
            guard content.count >= 16, content.starts(with: "MLCP".utf8) else {
                throw TestFailure("\(path) is no checkpoint")
            }
            content[7] += 1
            let checked = Array(content[4..<12] + content[16...])
            let crc = checked.withUnsafeBytes { BatchCodec.crc32c($0) }
            for (index, shift) in [24, 16, 8, 0].enumerated() {
                content[12 + index] = UInt8(truncatingIfNeeded: crc >> UInt32(shift))
            }
        }
    }
}
