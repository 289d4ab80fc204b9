import Foundation

/// Runs `body` with the path of a file that holds `content`, or nil without one; the file is gone afterwards.
func withTemporaryFile<Result>(_ content: String?, _ body: (String?) async throws -> Result) async throws -> Result {
    guard let content else { return try await body(nil) }
    let path = NSTemporaryDirectory() + "martlet-\(UUID().uuidString).properties"
    try content.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
