/// What went wrong in the scaffolding of a test, with what there is to tell.
package struct TestFailure: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
