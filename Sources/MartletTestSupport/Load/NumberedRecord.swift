internal import MartletCore

/// The records of ``RecordedLoad``: each says which it is, and its every byte follows from that.
package enum NumberedRecord {
    /// "PRODUCER:NUMBER " and padding, mostly some hundred bytes, now and then tens of kilobytes.
    package static func value(of id: HistoryChecker.RecordID) -> [UInt8] {
        let padding = id.number % 499 == 498 ? 40_000 : (id.producer &* 7919 &+ id.number &* 104_729) % 600
        let letter = UInt8(ascii: "a") + UInt8(id.number % 26)
        return Array("\(id) ".utf8) + [UInt8](repeating: letter, count: padding)
    }

    package static func key(of id: HistoryChecker.RecordID) -> [UInt8] {
        Array("key \(id.number % 37)".utf8)
    }

    /// Nil for anything but what ``value(of:)`` makes, whole.
    package static func id(of value: UnsafeRawBufferPointer?) -> HistoryChecker.RecordID? {
        guard let value, let space = value.firstIndex(of: UInt8(ascii: " ")),
            let id = HistoryChecker.RecordID(String(decoding: value[..<space], as: UTF8.self)),
            value.elementsEqual(self.value(of: id))
        else { return nil }
        return id
    }
}
