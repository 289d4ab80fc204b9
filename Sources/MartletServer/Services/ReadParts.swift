internal import MartletProtocol
internal import MartletStorage
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension AttachmentPart {
    /// Ranges up to this size are read into memory and leave in one write with the message in front of them. `sendfile` would be a
    /// system call and a packet of its own, and so wake the reader twice for a few records.
    private static let copiedBytesMax = 16 * 1024

    /// The batches of a read: by `sendfile`, or copied when there are few.
    init(_ read: LogRead) {
        if read.count <= Self.copiedBytesMax, let bytes = Self.copy(read) {
            self = .bytes(bytes)
        } else {
            self = .file(read.lease, offset: Int64(read.filePosition), count: read.count)
        }
    }

    /// Nil when the file has fewer bytes than the range, or does not give them: the listener then finds out and closes the connection.
    private static func copy(_ read: LogRead) -> ByteBuffer? {
        var buffer = ByteBufferAllocator().buffer(capacity: read.count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: read.count) { bytes in
            max(0, pread(read.lease.descriptor, bytes.baseAddress, read.count, off_t(read.filePosition)))
        }
        return buffer.readableBytes == read.count ? buffer : nil
    }
}
