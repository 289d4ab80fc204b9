import MartletCore
import Testing

@testable import MartletBroker

@Suite struct TopicPatternTests {
    @Test(
        "a pattern matches whole names",
        arguments: [
            ("orders", "orders", true), ("orders", "orders2", false), ("orders", "xorders", false),
            ("orders.*", "orders.eu", true), ("a|bc", "bc", true), ("a|bc", "abc", false), ("(a|b)c", "bc", true),
            ("[a-c]+", "abcab", true), ("[a-c]+", "abd", false), ("[^a-c]+", "xyz", true), ("[^a-c]+", "xa", false),
            ("a{2}", "aa", true), ("a{2}", "aaa", false), ("a{2,}", "aaaa", true), ("a{1,2}b?", "aab", true),
            ("a{0}b", "b", true), ("^logs-\\d+$", "logs-42", true), ("logs-\\d+", "logs-x", false),
            ("\\w+\\.\\w+", "a_1.b", true), ("a\\.b", "axb", false), ("[.-]", "-", true), ("[]a]", "]", true),
            ("[a\\]b]", "]", true), ("[\\d-]+", "1-2", true), ("(?:ab)*", "abab", true), ("(ab)*?", "", true),
            ("", "a", false), ("a*$", "aa", true), ("a^b", "ab", false), ("(a|)b", "b", true),
        ])
    func matching(pattern: String, name: String, isMatch: Bool) throws {
        #expect(try TopicPattern(pattern).matches(name) == isMatch)
    }

    @Test(
        "what cannot be read is refused with its place",
        arguments: [
            "(", ")", "a)", "[", "[a", "[b-a]", "*", "a|*", "a**", "a{", "a{2", "a{2,1}", "a{x}", "a{1001}", "\\",
            "\\b",
            "(?=a)", "(?<name>a)", "[a-\\d]", "a\\",
        ])
    func refused(pattern: String) {
        let error = #expect(throws: BrokerError.self) { try TopicPattern(pattern) }
        #expect(error?.code == .invalidRegularExpression)
        #expect(error?.message.contains("at character") == true)
    }

    @Test("patterns that would grow or run without end are refused or matched at once")
    func bombs() throws {
        for pattern in [
            "(((a{1000}){1000}){1000})", "((){1000}){1000}", String(repeating: "(", count: 400),
            String(repeating: "a", count: 2_000),
        ] {
            #expect(throws: BrokerError.self) { try TopicPattern(pattern) }
        }
        #expect(try !TopicPattern("(a*)*(a*)*(a*)*b").matches(String(repeating: "a", count: 249)))
        #expect(try TopicPattern("(a|aa)+").matches(String(repeating: "a", count: 249)))
    }
}
