import Foundation
import Testing

/// What `proto/generate` needs.
private let hasTools = ["protoc", "protoc-c", "python3"].allSatisfy { tool in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)")
    }
}

@Suite("What is committed is what proto/generate writes", .enabled(if: hasTools))
struct GeneratedFilesTests {
    @Test("the generated files are up to date")
    func upToDate() throws {
        let check = try check(in: repositoryRoot)
        #expect(check.status == 0, "\(check.output)")
    }

    @Test("a generated file that was edited, or is left over, is named")
    func drift() throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "martlet-drift-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: copy) }
        for path in [
            "proto", "CSources/CMartletProto", "CSources/CMartletEtcdProto", "Sources/MartletProtocol/Generated",
            "Sources/MartletMetadataEtcd/Generated", "Sources/MartletCore", "Tests/MartletProtocolTests/Generated",
        ] {
            let target = copy.appending(path: path)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: repositoryRoot.appending(path: path), to: target)
        }
        #expect(try check(in: copy).status == 0)

        let edited = copy.appending(path: "Sources/MartletCore/ErrorCode.swift")
        try Data("// edited\n".utf8).write(to: edited)
        let leftOver = "Sources/MartletProtocol/Generated/GoneMessages.swift"
        try Data("// of a file that is gone\n".utf8).write(to: copy.appending(path: leftOver))
        let check = try check(in: copy)
        #expect(check.status == 1)
        #expect(check.output.contains("Sources/MartletCore/ErrorCode.swift is not what"))
        #expect(check.output.contains("\(leftOver) is not what"))
    }

    private func check(in root: URL) throws -> (status: Int32, output: String) {
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", root.appending(path: "proto/generate").path(), "--check"]
        process.standardError = errors
        try process.run()
        let output = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
