import Foundation
import Testing

/// The rules of the house that no compiler checks, read off the source tree itself.
@Suite("The source tree is tidy")
struct TidyTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private struct SourceFile: Sendable, CustomTestStringConvertible {
        var path: String
        var lines: [Substring]
        var testDescription: String { path }
    }

    private static func files(under folder: String, extensions: Set<String>) throws -> [SourceFile] {
        let base = root.appending(path: folder)
        let enumerator = try #require(FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil))
        return try enumerator.compactMap { $0 as? URL }
            .filter { extensions.contains($0.pathExtension) && !$0.path().contains("/Generated/") }
            .filter { !$0.path().contains(".pb-c.") && !$0.path().contains("/.build") }
            .map {
                let text = try String(contentsOf: $0, encoding: .utf8)
                return SourceFile(
                    path: String($0.path().dropFirst(root.path().count)),
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false))
            }
    }

    /// What each module may import of ours, by the picture in the README. Arrows point downwards only.
    private static let layers: [String: Set<String>] = [
        "MartletCore": ["CMartletBatch"],
        "MartletProtocol": ["MartletCore", "CMartletProto"],
        "MartletRPC": ["MartletProtocol", "MartletCore"],
        "MartletStorage": ["MartletCore", "CMartletLog"],
        "MartletMetadata": ["MartletCore", "MartletStorage"],
        // The runtime of the generated messages is MartletProtocol's.
        "MartletMetadataEtcd": ["MartletCore", "MartletMetadata", "MartletProtocol", "CMartletEtcdProto"],
        "MartletBroker": ["MartletCore", "MartletStorage", "MartletMetadata"],
        "MartletServer": [
            "MartletCore", "MartletProtocol", "MartletRPC", "MartletStorage", "MartletMetadata", "MartletBroker",
            "CMartletProcess",
        ],
        "Martlet": ["MartletCore", "MartletProtocol", "MartletRPC"],
        "MartletCLIKit": ["Martlet", "MartletCore", "MartletStorage", "MartletServer"],
        "MartletCLI": [
            "Martlet", "MartletCore", "MartletStorage", "MartletServer", "MartletCLIKit", "MartletBroker",
            "MartletMetadata", "MartletMetadataEtcd",
        ],
    ]

    @Test("imports point downwards only")
    func layering() throws {
        for (module, allowed) in Self.layers {
            guard FileManager.default.fileExists(atPath: Self.root.appending(path: "Sources/\(module)").path()) else {
                continue
            }
            for file in try Self.files(under: "Sources/\(module)", extensions: ["swift"]) {
                for line in file.lines where line.contains("import ") && !line.hasPrefix("//") {
                    let name = line.split(separator: " ").last.map(String.init) ?? ""
                    guard name.hasPrefix("Martlet") || name.hasPrefix("CMartlet") else { continue }
                    #expect(allowed.contains(name), "\(file.path) imports \(name), which \(module) may not")
                }
            }
        }
    }

    @Test("no file is too long to find one's way in")
    func fileLength() throws {
        for file in try Self.files(under: "Sources", extensions: ["swift"])
            + Self.files(under: "CSources", extensions: ["c", "h"])
        {
            #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines: cut it where its jobs part")
        }
    }

    @Test("nothing is left for later, forced or silenced")
    func noLeftovers() throws {
        let banned = [
            ["FIX", "ME"], ["TO", "DO"], ["try", "!"], ["unsafe", "Flags"], ["fatal", "Error("],
        ]
        .map { $0.joined() }
        let files =
            try Self.files(under: "Sources", extensions: ["swift"])
            + Self.files(under: "CSources", extensions: ["c", "h"])
        for file in files {
            for (number, line) in file.lines.enumerated() {
                for word in banned where line.contains(word) {
                    Issue.record("\(file.path):\(number + 1) has \(word)")
                }
            }
        }
    }

    @Test("every unchecked Sendable carries its proof")
    func uncheckedSendable() throws {
        for file in try Self.files(under: "Sources", extensions: ["swift"]) {
            for (number, line) in file.lines.enumerated() where line.contains("@unchecked Sendable") {
                if line.drop(while: { $0 == " " }).hasPrefix("//") { continue }
                let before = file.lines[max(0, number - 12)...number].joined(separator: "\n")
                #expect(
                    before.contains("Sendable:") || before.contains("Sendable`:"),
                    "\(file.path):\(number + 1): say above why this may be shared (\"Sendable: ...\")")
            }
        }
    }

    @Test("the top level holds what belongs there")
    func topLevel() throws {
        let allowed: Set = [
            "Package.swift", "Sources", "CSources", "Tests", "proto", "README.md", "Makefile", "LICENSE",
        ]
        let ignored: Set = ["Package.resolved", "martlet-data", "bench-report.html"]
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.root.path()) where !name.hasPrefix(".") {
            #expect(allowed.contains(name) || ignored.contains(name), "\(name) stands at the top level")
        }
    }
}
