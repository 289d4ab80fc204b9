/// `name=value`, as `--set` and `--header` take it.
package struct Assignment: Sendable, Hashable {
    package var name: String
    package var value: String

    /// Splits at the first `=`. Nil without one, or without a name.
    package init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
        name = String(text[..<equals])
        value = String(text[text.index(after: equals)...])
    }
}
