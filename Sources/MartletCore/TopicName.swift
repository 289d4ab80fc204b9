/// Why a topic's name is refused. Its description is a sentence for the person who chose the name.
public enum TopicNameError: Error, Hashable, Sendable {
    case empty
    /// Longer than ``Limits/topicNameBytes``; the length found.
    case tooLong(bytes: Int)
    /// `.` and `..` would be directories of their own meaning.
    case onlyDots
    /// Something else than ASCII letters, digits, dot, underscore and hyphen.
    case badCharacter(String)
    /// Names that begin with two underscores are the broker's own.
    case reserved
}

extension TopicNameError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "a topic name cannot be empty"
        case .tooLong(let bytes): "a topic name has at most \(Limits.topicNameBytes) characters, this one has \(bytes)"
        case .onlyDots: "a topic name cannot be '.' or '..'"
        case .badCharacter(let character):
            "a topic name has only letters, digits, '.', '_' and '-' in it, not '\(character)'"
        case .reserved: "topic names that begin with '__' are reserved for the broker"
        }
    }
}

/// The one place where topic names are checked.
public enum TopicName {
    /// Throws unless `name` is 1 to 249 of `A-Z a-z 0-9 . _ -` and not only dots. Reserved names pass.
    public static func check(_ name: String) throws(TopicNameError) {
        let count = name.utf8.count
        if count == 0 { throw .empty }
        if count > Limits.topicNameBytes { throw .tooLong(bytes: count) }
        if name == "." || name == ".." { throw .onlyDots }
        for character in name.unicodeScalars where !isAllowed(character) {
            throw .badCharacter(character.escaped(asASCII: true))
        }
    }

    /// ``check(_:)`` for a name that a user gives to a new topic: reserved names are refused too.
    public static func checkNew(_ name: String) throws(TopicNameError) {
        try check(name)
        if isReserved(name) { throw .reserved }
    }

    /// The name that `bytes`, as they came over the wire, spell; throws as ``check(_:)`` does.
    public static func decode(_ bytes: some Collection<UInt8>) throws(TopicNameError) -> String {
        // A long one is refused before it is copied. Bytes that are not UTF-8 turn into a character that check refuses.
        if bytes.count > Limits.topicNameBytes { throw .tooLong(bytes: bytes.count) }
        let name = String(decoding: bytes, as: UTF8.self)
        try check(name)
        return name
    }

    /// Whether the name is one that only the broker gives.
    public static func isReserved(_ name: String) -> Bool { name.hasPrefix("__") }

    private static func isAllowed(_ character: Unicode.Scalar) -> Bool {
        switch character {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
        default: false
        }
    }
}
