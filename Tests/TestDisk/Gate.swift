internal import Foundation

/// Holds up whoever comes until it is opened.
///
/// Sendable: its only variable is under the condition's lock.
package final class Gate: @unchecked Sendable {
    private let condition = NSCondition()
    private var isOpen = false

    package init() {}

    package func open() {
        condition.lock()
        isOpen = true
        condition.broadcast()
        condition.unlock()
    }

    /// Blocks.
    package func wait() {
        condition.lock()
        while !isOpen { condition.wait() }
        condition.unlock()
    }
}
