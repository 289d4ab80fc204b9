import Foundation

/// Says what happens, with the time as the brokers' logs tell it: what they say of an attack is found beside it.
enum Timeline {
    static func note(_ what: String) {
        print("\(Date.now.formatted(.iso8601.time(includingFractionalSeconds: true))) \(what)")
        fflush(nil)
    }
}
