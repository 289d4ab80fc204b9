package import ArgumentParser
internal import Martlet

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Runs a command and turns its end into the exit codes that scripts rely on: 0 done, 1 refused or failed, 2 usage.
package enum CommandRunner {
    /// What is written when a command has ended, and the process's exit code.
    package struct Ending: Sendable, Hashable {
        package var code: Int32
        package var output = ""
        package var errors = ""

        package init(code: Int32, output: String = "", errors: String = "") {
            self.code = code
            self.output = output
            self.errors = errors
        }
    }

    package static func run(_ root: any ParsableCommand.Type, _ arguments: [String]? = nil) async -> Ending {
        // A reader that goes away is noticed by the write, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        let words = CommandWords(arguments ?? Array(CommandLine.arguments.dropFirst()), of: root)
        if let mistake = words.mistake { return Ending(code: 2, errors: "Error: \(mistake)\n\(words.usage)\n") }
        do {
            var command = try root.parseAsRoot(words.arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return Ending(code: 0)
        } catch {
            return ending(of: error, root)
        }
    }

    package static func ending(of error: any Error, _ root: any ParsableCommand.Type) -> Ending {
        switch error {
        case CommandFailure.outputClosed: return Ending(code: 0)
        case CommandFailure.reported: return Ending(code: 1)
        case let error as CommandFailure: return failed("\(error)")
        case let error as MartletError: return failed(Remedy.text(for: error))
        default: break
        }
        // Help, the version, mistakes in the arguments; and errors that commands let through.
        let code = root.exitCode(for: error)
        let text = root.fullMessage(for: error)
        if code.isSuccess { return Ending(code: 0, output: text.isEmpty ? "" : text + "\n") }
        if code == ExitCode.validationFailure { return Ending(code: 2, errors: text + "\n") }
        return error is ExitCode ? Ending(code: 1) : failed("\(error)")
    }

    private static func failed(_ message: String) -> Ending {
        Ending(code: 1, errors: "martlet: \(message)\n")
    }

    /// Writes what there is to write, and leaves the process.
    package static func exit(_ ending: Ending) -> Never {
        StandardError.write(ending.errors)
        var output = StandardOutput()
        // The code is what counts now; there is nobody left to tell.
        try? output.write(ending.output)
        try? output.flush()
        Platform.exit(ending.code)
    }
}

private enum Platform {
    static func exit(_ code: Int32) -> Never {
        #if canImport(Glibc)
            Glibc.exit(code)
        #else
            Darwin.exit(code)
        #endif
    }
}
