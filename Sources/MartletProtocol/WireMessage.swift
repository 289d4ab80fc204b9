package import NIOCore

/// A message of the contract: generated from `proto/`, a plain value with no wire types in it.
package protocol WireMessage: Sendable, Equatable {
    /// All fields at their defaults.
    init()

    /// Decodes protobuf bytes. Fields that the contract does not know are dropped. Memory is bounded: decoding that would
    /// take more than ``DecodingMemory`` allows fails.
    static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self

    /// The exact number of bytes that ``encode(into:)`` writes. Costs about half of encoding: ``encode(into:)`` makes
    /// its own room, so there is no need to ask first.
    var encodedSize: Int { get }

    /// Appends the protobuf encoding to `buffer`.
    func encode(into buffer: inout ByteBuffer)
}

/// Bytes that are not the message they should be.
package struct WireError: Error, Equatable, CustomStringConvertible {
    /// The message's name in the contract.
    package var message: String
    package var reason: String

    package init(message: String, reason: String) {
        self.message = message
        self.reason = reason
    }

    package var description: String { "\(message): \(reason)" }
}
