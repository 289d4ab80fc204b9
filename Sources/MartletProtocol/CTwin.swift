package import CMartletProto

/// The type of protobuf-c's unpack functions: allocator, size in bytes, bytes.
package typealias Unpack<C> = (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) ->
    UnsafeMutablePointer<
        C
    >?

/// A message that has a struct in C which protobuf-c reads and writes. Generated code conforms.
package protocol CTwin: WireMessage {
    /// protobuf-c's struct; its first member is a `ProtobufCMessage`.
    associatedtype C

    /// The message's name in the contract.
    static var name: String { get }

    static var unpack: Unpack<C> { get }

    /// Copies out of a struct that protobuf-c unpacked.
    init(_ c: UnsafePointer<C>) throws(WireError)

    /// Initialises the struct at `c` with this message; what it points to lies in `arena`.
    func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena)
}

// C's values to Swift's. protobuf-c guarantees that a pointer is good for as many elements as its count says.
extension CTwin {
    package static func array(_ data: ProtobufCBinaryData) -> [UInt8] {
        [UInt8](UnsafeBufferPointer(start: data.data, count: data.len))
    }

    /// protobuf-c does not look at a string's bytes, so that the check for UTF-8 is made here.
    package static func text(_ data: ProtobufCBinaryData, field: String) throws(WireError) -> String {
        // Most texts are what was not said: no error, no reason.
        if data.len == 0 { return "" }
        let bytes = UnsafeBufferPointer(start: data.data, count: data.len)
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw WireError(message: name, reason: "\(field) is not UTF-8")
        }
        return string
    }

    package static func message<Message: CTwin>(_ c: UnsafeMutablePointer<Message.C>?) throws(WireError) -> Message? {
        guard let c else { return nil }
        return try Message(c)
    }

    package static func messages<Message: CTwin>(
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Message.C>?>?, _ count: Int
    ) throws(WireError) -> [Message] {
        var messages: [Message] = []
        messages.reserveCapacity(count)
        for case let c? in UnsafeBufferPointer(start: list, count: count) {
            messages.append(try Message(c))
        }
        return messages
    }

    package static func arrays(_ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int) -> [[UInt8]] {
        UnsafeBufferPointer(start: list, count: count).map(array)
    }

    package static func texts(
        _ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int, field: String
    ) throws(WireError) -> [String] {
        var texts: [String] = []
        texts.reserveCapacity(count)
        for data in UnsafeBufferPointer(start: list, count: count) {
            texts.append(try text(data, field: field))
        }
        return texts
    }

    package static func numbers<Number: FixedWidthInteger>(_ list: UnsafeMutablePointer<Number>?, _ count: Int)
        -> [Number]
    {
        [Number](UnsafeBufferPointer(start: list, count: count))
    }
}
