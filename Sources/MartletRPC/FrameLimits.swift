internal import MartletCore

/// The sizes of a frame, and how much of each part a connection takes. Every size is checked before a byte of the part
/// is stored.
package struct FrameLimits: Sendable, Equatable {
    /// Magic, meta size, body size.
    package static let headerBytes = 12
    /// "MRT1"
    package static let magic: UInt32 = 0x4D52_5431
    /// The encoded `RpcMeta`.
    package static let metaBytesMax = Limits.frameMetaBytes
    /// From this size on a read of the head alone costs less than copying the body that came with it: half a microsecond
    /// against five.
    package static let largeBodyBytes = 64 * 1024

    /// The method's message.
    package var messageBytesMax: Int
    /// The record batches behind it.
    package var attachmentBytesMax: Int

    package init(messageBytesMax: Int, attachmentBytesMax: Int) {
        self.messageBytesMax = messageBytesMax
        self.attachmentBytesMax = attachmentBytesMax
    }

    /// What a server takes from a client.
    package static let request = FrameLimits(
        messageBytesMax: Limits.frameMessageBytes, attachmentBytesMax: Limits.requestAttachmentBytes)
    /// What a client takes from a server: a fetch may hold more than a produce, because its first batch comes whole.
    package static let response = FrameLimits(
        messageBytesMax: Limits.frameMessageBytes, attachmentBytesMax: 64 << 20)
    /// What a server takes before the client has said Hello.
    package static let greeting = FrameLimits(messageBytesMax: 4 * 1024, attachmentBytesMax: 0)

    package var bodyBytesMax: Int { messageBytesMax + attachmentBytesMax }
}
