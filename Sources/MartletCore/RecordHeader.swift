/// A header of a record: a name and a value that travel beside key and value. Names may repeat; at most
/// ``Limits/recordHeaders`` a record.
public struct RecordHeader: Hashable, Sendable {
    public var key: String
    /// Nil is a value of its own, not the same as an empty one.
    public var value: [UInt8]?

    public init(key: String, value: [UInt8]?) {
        self.key = key
        self.value = value
    }

    /// A header whose value is text, in UTF-8.
    public init(key: String, value: String) {
        self.init(key: key, value: Array(value.utf8))
    }
}
