package import ArgumentParser

/// The words of a command line that name a command, `topic list`, and what stands around them.
package struct CommandWords {
    /// Options of client commands (``ClientOptions``, ``OutputOptions``), and whether a value follows them.
    private static let clientOptions = ["--broker": true, "--timeout": true, "--verbose": false, "--json": false]

    /// Client options before the command, as other systems' tools take them: `martlet --broker b1:7400 topic list`.
    private let leading: ArraySlice<String>
    private let path: [String]
    /// The command's own arguments.
    private let rest: ArraySlice<String>
    private let command: any ParsableCommand.Type
    private let rootName: String

    package init(_ arguments: [String], of root: any ParsableCommand.Type) {
        var rest = arguments[...]
        while let first = rest.first, let takesValue = Self.clientOptions[String(first.prefix { $0 != "=" })] {
            rest = rest.dropFirst(takesValue && !first.contains("=") ? 2 : 1)
        }
        leading = arguments[..<rest.startIndex]
        var (command, path) = (root, [String]())
        while let word = rest.first, let next = command.configuration.subcommands.first(where: { $0.isCalled(word) }) {
            command = next
            path.append(word)
            rest.removeFirst()
        }
        self.command = command
        self.path = path
        self.rest = rest
        rootName = root.configuration.commandName ?? ""
    }

    /// As the parser takes them: options before the command go behind its name. Whether the command has them is the parser's to
    /// say. Where no command is named they stay where they are.
    package var arguments: [String] {
        path.isEmpty ? Array(leading + rest) : path + leading + rest
    }

    /// What is wrong with a word that stands where a command's name has to; nil: nothing, or there is none. Without a full stop.
    package var mistake: String? {
        let configuration = command.configuration
        guard !configuration.subcommands.isEmpty, configuration.defaultSubcommand == nil, let word = rest.first,
            !word.hasPrefix("-"), word != "help"
        else { return nil }
        let names = configuration.subcommands.compactMap { $0.configuration.commandName }.joined(separator: ", ")
        return "there is no command '\((path + [word]).joined(separator: " "))'; "
            + "\(([rootName] + path).joined(separator: " ")) has: \(names)"
    }

    /// For ``mistake``, as the parser tells those that it finds itself.
    package var usage: String {
        let name = ([rootName] + path).joined(separator: " ")
        return "Usage: \(name) <subcommand>\n  See '\(name) --help' for more information."
    }
}

extension ParsableCommand {
    fileprivate static func isCalled(_ word: String) -> Bool { configuration.commandName == word }
}
