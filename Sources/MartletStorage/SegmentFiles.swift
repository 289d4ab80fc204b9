internal import MartletCore

/// The names of a segment's files.
enum SegmentFiles {
    static let extensions = [".log", ".index", ".timeindex"]

    /// The base offset as twenty digits.
    static func stem(_ baseOffset: Offset) -> String {
        let digits = String(baseOffset)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    /// A file of a partition's directory, by what its name says.
    enum Kind: Equatable {
        case log(Offset)
        case index(Offset)
        /// A compactor's output, not yet complete.
        case cleaned(Offset, extension: String)
        /// A compactor's output, complete, not yet in place.
        case swap(Offset, extension: String)
        case other
    }

    static func kind(_ name: String) -> Kind {
        let stem = name.prefix(20)
        guard stem.utf8.count == 20, stem.utf8.allSatisfy({ (48...57).contains($0) }), let base = Offset(stem) else {
            return .other
        }
        let rest = String(name.dropFirst(20))
        if rest == ".log" { return .log(base) }
        if extensions.contains(rest) { return .index(base) }
        for `extension` in extensions {
            if rest == `extension` + cleanedSuffix { return .cleaned(base, extension: `extension`) }
            if rest == `extension` + swapSuffix { return .swap(base, extension: `extension`) }
        }
        return .other
    }

    static let cleanedSuffix = ".cleaned"
    static let swapSuffix = ".swap"

    /// Unlinks a segment's three files; open descriptors stay readable. Missing files are fine.
    static func remove(_ io: LogIO, directory: String, baseOffset: Offset, suffix: String = "") throws(StorageError) {
        for `extension` in extensions {
            try io.remove("\(directory)/\(stem(baseOffset))\(`extension`)\(suffix)", sync: false)
        }
        try io.syncDirectory(directory)
    }
}
