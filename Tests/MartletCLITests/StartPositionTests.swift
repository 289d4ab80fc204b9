import Martlet
import MartletCLIKit
import Testing

@Suite("What --from may say")
struct StartPositionTests {
    @Test(
        "every form is read",
        arguments: [
            ("beginning", StartPosition.beginning), ("end", .end), ("0", .offset(0)), ("42", .offset(42)),
            ("9223372036854775807", .offset(.max)), ("@1700000000000", .timestamp(1_700_000_000_000)),
            ("2026-11-22T15:00:00Z", .timestamp(1_795_359_600_000)), ("2026-11-22", .timestamp(1_795_305_600_000)),
            ("-15m", .ago(.seconds(900))), ("-1h30m", .ago(.seconds(5400))), ("-250ms", .ago(.milliseconds(250))),
            ("-2d", .ago(.seconds(172_800))),
        ])
    func forms(text: String, position: StartPosition) {
        #expect(StartPosition(text) == position)
    }

    @Test(
        "what says nothing is refused",
        arguments: [
            "", "-", "-5", "15m", "@", "@-1", "@1.5", "+3", "0x10", "9223372036854775808", "begin", "-m", "-5y",
            "-15m ",
            "2026-13-01", "-99999999999999999d",
        ])
    func refused(text: String) {
        #expect(StartPosition(text) == nil)
    }

    @Test("a time ago is taken from now, and never before 1970")
    func ago() {
        #expect(StartPosition.ago(.seconds(900)).spec(now: 1_000_000) == .timestamp(100_000))
        #expect(StartPosition.ago(.seconds(900)).spec(now: 1) == .timestamp(0))
    }
}

@Suite("Dates as RFC 3339 has them")
struct RFC3339Tests {
    @Test(
        "dates are read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1969-12-31T23:59:59Z", -1000),
            ("2000-02-29T12:30:15.5Z", 951_827_415_500), ("2026-11-22T16:00:00+01:00", 1_795_359_600_000),
            ("2026-11-22T10:30:00-04:30", 1_795_359_600_000), ("2026-11-22 15:00:00z", 1_795_359_600_000),
            ("2026-11-22T15:00:00.123456789Z", 1_795_359_600_123), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ])
    func read(text: String, timestamp: TimestampMs) {
        #expect(RFC3339.timestamp(text) == timestamp)
    }

    @Test(
        "what is no date is refused",
        arguments: [
            "2026-02-29", "2026-00-10", "2026-04-31", "2026-1-1", "2026-11-22T", "2026-11-22T15:00",
            "2026-11-22T15:00:00",
            "2026-11-22T24:00:00Z", "2026-11-22T15:60:00Z", "2026-11-22T15:00:00.Z", "2026-11-22T15:00:00+1:00",
            "2026-11-22T15:00:00Z ", "1900-02-29", "",
        ])
    func refused(text: String) {
        #expect(RFC3339.timestamp(text) == nil)
    }

    @Test(
        "what is written is read back",
        arguments: [
            0, 1, -1, 951_827_415_500, 1_795_359_600_123, -62_167_219_200_000, 253_402_300_799_999, 68_169_600_000,
        ])
    func roundTrip(timestamp: TimestampMs) {
        #expect(RFC3339.timestamp(RFC3339.text(timestamp)) == timestamp)
    }

    @Test("times that no date can say are written as numbers")
    func outside() {
        #expect(RFC3339.text(.max) == "9223372036854775807")
        #expect(RFC3339.text(.min) == "-9223372036854775808")
        #expect(RFC3339.text(0) == "1970-01-01T00:00:00.000Z")
    }
}
