package import MartletCore

/// Why storage refused or could not do something.
package struct StorageError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is: callers decide by this.
    package enum Code: Sendable, Equatable {
        /// The disk or a quota is full. The log is as it was; the same call may be made again.
        case noSpace
        /// A read, write or sync failed. After a failed write or sync the partition is offline.
        case ioError
        /// Bytes on disk fail their checksum or contradict each other.
        case corrupt
        /// The partition takes part in nothing until the broker restarts; the message says why.
        case offline
        /// The partition is still being recovered: try again.
        case recovering
        /// Another process owns the data directory.
        case locked
        /// The data directory was written by a newer version.
        case newerFormat
        case notPermitted
        /// A file where a directory should be, or the other way round.
        case notADirectory
        case notFound
        case alreadyExists
        /// No file descriptors are left, or the partition would take more than the limit allows.
        case tooManyFiles
        case noMemory
        /// The store was closed.
        case closed
        /// Below the log start or above the log end.
        case offsetOutOfRange(logStart: Offset, logEnd: Offset)
        /// The batch is larger than the topic takes.
        case recordTooLarge
        case invalidBatch(BatchError)
        /// The batch is well-formed, but holds what producers may not send.
        case invalidRecord
        /// A codec that is known but not supported.
        case unsupportedCompression
        /// A record's time lies too far in the future.
        case timestamp
        /// A compacted topic takes no record without a key.
        case keyRequired
        /// The leader epoch of the call is not the one that the log appends at.
        case wrongEpoch(current: LeaderEpoch)
        /// A batch from the leader does not begin where the log ends.
        case unexpectedOffset(expected: Offset)
        /// A batch from the leader has an epoch that falls, or that the log's own history contradicts.
        case epochMismatch
        /// The batch that holds the offset is damaged on disk; what lies before and behind can be read.
        case damaged
        /// A transfer still reads what is to be cut, or a cut is not finished: try again.
        case inUse
        case outOfOrderSequence
        /// Appended long ago; the producer may count it as done.
        case duplicateSequence
        case unknownProducer
        case fencedProducer
    }

    package let code: Code
    /// One or two sentences with the facts: path, partition, offset, expected, actual, and what to do.
    package let message: String
    /// The system's error number, 0 when no system call failed.
    package let osError: Int32

    package init(_ code: Code, _ message: String, osError: Int32 = 0) {
        self.code = code
        self.message = message
        self.osError = osError
    }

    package var description: String { message }

    /// Whether the call left everything as it was, so that the same call may succeed later.
    package var isRetriable: Bool {
        switch code {
        case .noSpace, .tooManyFiles, .recovering, .noMemory, .inUse: true
        default: false
        }
    }
}
