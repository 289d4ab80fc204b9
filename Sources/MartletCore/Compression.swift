/// How a batch's records are compressed; the raw value is what stands in the batch's attributes.
///
/// Martlet reads and writes `none` and `lz4`. The others are known, so that they can be refused by name.
public enum Compression: UInt8, Sendable, CaseIterable {
    case none = 0
    case gzip = 1
    case snappy = 2
    case lz4 = 3
    case zstd = 4

    public var isSupported: Bool { self == .none || self == .lz4 }
}

extension Compression: CustomStringConvertible {
    /// The name that settings use: `none`, `gzip`, `snappy`, `lz4`, `zstd`.
    public var description: String {
        switch self {
        case .none: "none"
        case .gzip: "gzip"
        case .snappy: "snappy"
        case .lz4: "lz4"
        case .zstd: "zstd"
        }
    }

    /// Reads what ``description`` wrote. Nil for anything else.
    public init?(_ description: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == description }) else { return nil }
        self = match
    }
}
