import MartletProtocol
import NIOCore

/// A response that is not turned into bytes and file regions yet.
struct PendingResponse {
    var callID: UInt64
    /// Frame header, meta and message, encoded.
    var head: ByteBuffer
    var attachment: [AttachmentPart]
    var attachmentBytes: Int

    var bytes: Int { head.readableBytes + attachmentBytes }
}

/// Decides which responses are handed to the channel now. Pure.
///
/// Of the bulky ones (file regions, large attachments) at most one is in the channel's write queue; the next waits here
/// as a few words of memory, its file range unread. Small responses go straight through: they fit between any two
/// frames.
struct ResponseQueue {
    /// An attachment above this makes a response bulky.
    static let smallAttachmentBytesMax = 64 * 1024
    /// So many bulky responses may wait before the connection's requests are left unread.
    static let waitingMax = 4
    /// So many bytes of small responses may stand behind a bulky one before requests are left unread.
    static let bytesBehindMax = 256 * 1024

    private var waiting: CircularBuffer<PendingResponse> = []
    private var bulkIsWriting = false
    private var bytesBehindBulk = 0

    /// The peer takes its answers too slowly to be given more.
    func isBackedUp(channelIsWritable: Bool) -> Bool {
        bulkIsWriting
            ? waiting.count >= Self.waitingMax || bytesBehindBulk >= Self.bytesBehindMax
            : !channelIsWritable
    }

    /// Nothing waits here, and no bulky response is being written.
    var isIdle: Bool { !bulkIsWriting && waiting.isEmpty }

    enum Action {
        case write(PendingResponse)
        /// Write and report its end with ``bulkWritten()``.
        case writeBulk(PendingResponse)
        case wait
    }

    mutating func add(_ response: PendingResponse) -> Action {
        guard isBulky(response) else {
            if bulkIsWriting {
                bytesBehindBulk += response.bytes
            }
            return .write(response)
        }
        guard !bulkIsWriting else {
            waiting.append(response)
            return .wait
        }
        bulkIsWriting = true
        return .writeBulk(response)
    }

    /// The bulky response has left; returns the next one to write.
    mutating func bulkWritten() -> PendingResponse? {
        bytesBehindBulk = 0
        guard let next = waiting.popFirst() else {
            bulkIsWriting = false
            return nil
        }
        return next
    }

    mutating func removeAll() {
        waiting.removeAll()
        bulkIsWriting = false
    }

    private func isBulky(_ response: PendingResponse) -> Bool {
        if response.attachmentBytes > Self.smallAttachmentBytesMax { return true }
        return response.attachment.contains { part in
            if case .file = part { true } else { false }
        }
    }
}
