internal import ArgumentParser
internal import Martlet

/// What the commands that delete one named thing have in common.
struct DeleteOptions: ParsableArguments {
    @Flag(name: .long, help: "Succeed when there is none of that name.")
    var ifExists = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    /// Deletes and says so.
    ///
    /// - Parameters:
    ///   - kind: What it is, as people and JSON call it.
    ///   - missing: What a broker says when there is none.
    func delete(
        _ kind: StaticString, _ name: String, missing: ErrorCode, _ delete: (Admin) async throws(MartletError) -> Void
    ) async throws {
        let isDeleted = try await client.withAdmin { admin in
            do throws(MartletError) {
                try await delete(admin)
                return true
            } catch {
                guard ifExists, error.code == .refused(missing) else { throw error }
                return false
            }
        }
        guard output.json else {
            return try StandardOutput.print(isDeleted ? "Deleted \(kind) \(name).\n" : "There is no \(kind) \(name).\n")
        }
        var object = JSONObject()
        object.add(kind, name)
        object.add("result", isDeleted ? "deleted" : "missing")
        try StandardOutput.print(object.line())
    }
}
