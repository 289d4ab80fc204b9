package import CMartletProto

/// The calling thread's memory for one encoding or decoding, see `mlog_arena.h`. Used within ``Codec`` on one thread;
/// everything that came from it is gone when it is closed.
package struct Arena {
    private let arena: UnsafeMutablePointer<mlog_arena>

    /// At most `limitBytes` can be allocated.
    init(limitBytes: Int) {
        arena = mlog_arena_begin(limitBytes)
    }

    func close() {
        mlog_arena_end(arena)
    }

    /// For protobuf-c.
    var allocator: UnsafeMutablePointer<ProtobufCAllocator> {
        UnsafeMutableRawPointer(arena).assumingMemoryBound(to: ProtobufCAllocator.self)
    }

    /// An allocation was refused.
    var isExhausted: Bool { arena.pointee.exhausted }

    /// Uninitialised memory. Only for encoding, whose arena has no limit: what is encoded is our own.
    func allocate<Element>(_ type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        guard let bytes = mlog_arena_alloc(arena, count * MemoryLayout<Element>.stride) else {
            preconditionFailure("out of memory while encoding \(count) \(type)")
        }
        return bytes.assumingMemoryBound(to: Element.self)
    }
}

// Swift values to C's. What the C structs point to lies in the arena.
extension Arena {
    package func copy(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        bytes.withUnsafeBufferPointer { copy($0) }
    }

    package func copy(_ string: String) -> ProtobufCBinaryData {
        var string = string
        return string.withUTF8 { copy($0) }
    }

    package func place<Message: CTwin>(_ message: Message) -> UnsafeMutablePointer<Message.C> {
        let c = allocate(Message.C.self, count: 1)
        message.fill(c, self)
        return c
    }

    package func copy<Message: CTwin>(_ message: Message?) -> UnsafeMutablePointer<Message.C>? {
        guard let message else { return nil }
        return place(message)
    }

    package func copy<Message: CTwin>(
        _ messages: [Message]
    ) -> (UnsafeMutablePointer<UnsafeMutablePointer<Message.C>?>?, Int) {
        if messages.isEmpty { return (nil, 0) }
        let structs = allocate(Message.C.self, count: messages.count)
        let pointers = allocate(UnsafeMutablePointer<Message.C>?.self, count: messages.count)
        for (index, message) in messages.enumerated() {
            message.fill(structs + index, self)
            pointers[index] = structs + index
        }
        return (pointers, messages.count)
    }

    package func copy(_ arrays: [[UInt8]]) -> (UnsafeMutablePointer<ProtobufCBinaryData>?, Int) {
        list(arrays) { copy($0) }
    }

    package func copy(_ strings: [String]) -> (UnsafeMutablePointer<ProtobufCBinaryData>?, Int) {
        list(strings) { copy($0) }
    }

    package func copy<Number: FixedWidthInteger>(_ numbers: [Number]) -> (UnsafeMutablePointer<Number>?, Int) {
        list(numbers) { $0 }
    }

    private func copy(_ bytes: UnsafeBufferPointer<UInt8>) -> ProtobufCBinaryData {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
        let data = allocate(UInt8.self, count: bytes.count)
        data.update(from: source, count: bytes.count)
        return ProtobufCBinaryData(len: bytes.count, data: data)
    }

    private func list<Element, C>(
        _ elements: [Element], _ convert: (Element) -> C
    ) -> (UnsafeMutablePointer<C>?, Int) {
        if elements.isEmpty { return (nil, 0) }
        let list = allocate(C.self, count: elements.count)
        for (index, element) in elements.enumerated() {
            (list + index).initialize(to: convert(element))
        }
        return (list, elements.count)
    }
}
