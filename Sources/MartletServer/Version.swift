/// What this build calls itself: in Hello, in status, in `martlet --version`.
package enum Version {
    package static let current = "0.1.0"
}
