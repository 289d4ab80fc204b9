import MartletCore
import Testing

@Suite("Topic ids")
struct TopicIDTests {
    @Test("bytes and text lead back to the same id")
    func roundTrip() {
        var generator = SystemRandomNumberGenerator()
        let id = TopicID.random(using: &generator)
        #expect(TopicID(bytes: id.bytes) == id)
        #expect(TopicID(id.description) == id)
        #expect(id.description.count == 32)
    }

    @Test(
        "anything but sixteen bytes or thirty-two digits is refused",
        arguments: ["", "12", "zz", String(repeating: "g", count: 32)])
    func refused(text: String) {
        #expect(TopicID(text) == nil)
        #expect(TopicID(bytes: Array(text.utf8.prefix(15))) == nil)
    }
}
