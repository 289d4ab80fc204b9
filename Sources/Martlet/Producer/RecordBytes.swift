internal import MartletCore
internal import NIOCore
internal import Synchronization

/// What a batch is built in: the very byte buffer that is sent, so that finishing a batch copies nothing.
///
/// The builder writes behind the byte buffer's back. That is sound because nobody else refers to its storage from
/// ``KeptBytes/take(capacity:)``, which sees to that, until ``take(_:)``; and because in between the storage moves
/// only in ``grow(usedBytes:neededBytes:)``, which tells the builder.
final class RecordBytes {
    let kept: KeptBytes
    private var bytes: ByteBuffer?

    init(kept: KeptBytes) {
        self.kept = kept
    }

    /// As ``MartletCore/BatchMemory/Grow`` says.
    func grow(usedBytes: Int, neededBytes: Int) -> UnsafeMutableRawBufferPointer? {
        var grown: ByteBuffer
        if let bytes = bytes.take(), usedBytes > 0 {
            grown = bytes
            // Reallocating keeps what is readable.
            grown.moveWriterIndex(to: usedBytes)
            grown.reserveCapacity(neededBytes)
        } else {
            grown = kept.take(capacity: neededBytes)
        }
        defer { bytes = grown }
        return grown.withVeryUnsafeMutableBytes { $0 }
    }

    /// Parts with the buffer, if it is what `finished` stands in.
    func take(_ finished: UnsafeRawBufferPointer) -> ByteBuffer? {
        guard let start = bytes?.withVeryUnsafeBytes({ $0.baseAddress }), start == finished.baseAddress else {
            return nil
        }
        bytes?.moveWriterIndex(to: finished.count)
        return bytes.take()
    }
}

/// Keeps the byte buffers of batches that are done with: fresh pages cost more than the records that go into them. Any
/// thread.
final class KeptBytes: Sendable {
    /// More than this are freed.
    private let countMax: Int
    private let kept = Mutex<[ByteBuffer]>([])

    init(countMax: Int) {
        self.countMax = countMax
    }

    /// An empty buffer with this many bytes of room at least, whose storage nobody else refers to.
    func take(capacity: Int) -> ByteBuffer {
        var buffer = kept.withLock { $0.popLast() } ?? ByteBuffer()
        buffer.clear(minimumCapacity: capacity)
        return buffer
    }

    func give(_ buffer: ByteBuffer) {
        kept.withLock { if $0.count < countMax { $0.append(buffer) } }
    }
}
