internal import MartletCore
internal import MartletMetadata
internal import MartletStorage

// The one place where the errors of the modules below become the broker's.

extension BrokerError {
    init(_ error: StorageError) {
        self.init(Self.code(of: error), error.message)
    }

    private static func code(of error: StorageError) -> ErrorCode {
        switch error.code {
        case .noSpace: .noSpace
        case .ioError, .corrupt, .offline, .notPermitted, .notADirectory, .newerFormat: .partitionOffline
        case .recovering, .inUse: .partitionRecovering
        case .notFound, .alreadyExists, .locked, .unexpectedOffset, .epochMismatch: .kafkaStorageError
        case .tooManyFiles, .noMemory: .limitReached
        case .closed: .brokerUnavailable
        case .offsetOutOfRange: .offsetOutOfRange
        case .recordTooLarge: .messageTooLarge
        case .invalidBatch, .damaged: .corruptMessage
        case .invalidRecord, .keyRequired: .invalidRecord
        case .unsupportedCompression: .unsupportedCompressionType
        case .timestamp: .invalidTimestamp
        // The log moved to another epoch while the call was on its way.
        case .wrongEpoch: .notLeaderOrFollower
        case .outOfOrderSequence: .outOfOrderSequenceNumber
        case .duplicateSequence: .duplicateSequenceNumber
        case .unknownProducer: .unknownProducerID
        case .fencedProducer: .invalidProducerEpoch
        }
    }

    /// Of an operation that uses everything below. `failure` says what did not come about, where the error itself does not.
    init(_ error: any Error, _ failure: String) {
        switch error {
        case let error as BrokerError: self = error
        case let error as MetadataError: self.init(error)
        case let error as StorageError: self.init(error)
        case let error as OperationRefusal: self.init(.invalidRequest, "\(failure): \(error.message)")
        default: self.init(.unknownServerError, "\(failure): \(error)")
        }
    }

    init(_ error: MetadataError) {
        switch error.code {
        case .unavailable, .refused:
            self.init(.metadataUnavailable, error.message)
        case .closed:
            self.init(.brokerUnavailable, error.message)
        case .outcomeUnknown:
            self.init(.requestTimedOut, error.message)
        case .invalidTransaction, .revisionCompacted, .corrupt, .newerFormat:
            self.init(.unknownServerError, error.message)
        }
    }
}
