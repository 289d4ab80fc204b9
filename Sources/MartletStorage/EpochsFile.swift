internal import MartletCore

/// A log's own record of its epochs, in the file `epochs` beside it.
struct EpochsFile: Sendable, Equatable {
    /// 1 is the history alone.
    static let formatVersion: UInt32 = 2
    private static let tailBytes = 5

    var history = LeaderEpochHistory()
    /// The highest epoch that the directory knew of when this was written: an epoch up to it that is not in the history
    /// is no longer part of the log, whatever an older checkpoint of the store says.
    var knownEpoch: LeaderEpoch = -1
    /// Offsets are missing between batches that were copied from a log that was compacted.
    var hasGaps = false

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(knownEpoch)
        writer.integer(UInt8(hasGaps ? 1 : 0))
        return history.encoded() + writer.bytes
    }

    /// Nil for bytes that no version wrote.
    static func decode(_ bytes: [UInt8], version: UInt32) -> EpochsFile? {
        if version < 2 {
            return LeaderEpochHistory(encoded: bytes).map {
                EpochsFile(history: $0, knownEpoch: $0.latest?.epoch ?? -1)
            }
        }
        guard bytes.count >= tailBytes, let history = LeaderEpochHistory(encoded: Array(bytes.dropLast(tailBytes)))
        else { return nil }
        var reader = ByteReader(Array(bytes.suffix(tailBytes)))
        guard let known = reader.integer(LeaderEpoch.self), let gaps = reader.integer(UInt8.self), gaps <= 1,
            known >= history.latest?.epoch ?? -1
        else { return nil }
        return EpochsFile(history: history, knownEpoch: known, hasGaps: gaps == 1)
    }
}
