import MartletCore
import Testing

@testable import MartletStorage

@Suite("Retention")
struct RetentionTests {
    private func decide(
        age: Duration? = nil, bytes: Int64? = nil, logStart: Offset = 0, bound: Offset = 1_000,
        _ candidates: [(end: Offset, bytes: Int64, newest: TimestampMs?)]
    ) -> Int {
        Retention(age: age, bytes: bytes, logStart: logStart, bound: bound, activeBytes: 10)
            .removable(
                candidates.map { Retention.Candidate(end: $0.end, sizeBytes: $0.bytes, maxTimestamp: $0.newest) },
                now: 100_000)
    }

    @Test("segments go once their newest record is older than the age, from the oldest on")
    func byAge() {
        let segments: [(Offset, Int64, TimestampMs?)] = [(10, 5, 39_999), (20, 5, 40_000), (30, 5, 1)]
        #expect(decide(age: .seconds(60), segments) == 1, "the second is not over age, and keeps the third")
        #expect(decide(age: .seconds(61), segments) == 0)
        #expect(decide(age: nil, segments) == 0)
        #expect(decide(age: .seconds(60), [(10, 5, nil), (20, 5, 1)]) == 0, "an unknown time is no old time")
        #expect(decide(age: .seconds(60), [(10, 5, .min)]) == 0, "a difference that cannot be told is no age")
    }

    @Test("the oldest go while what is left holds at least the bytes wanted, the active segment included")
    func bySize() {
        let segments: [(Offset, Int64, TimestampMs?)] = [(10, 50, nil), (20, 50, nil), (30, 50, nil)]
        #expect(decide(bytes: 160, segments) == 0)
        #expect(decide(bytes: 111, segments) == 0)
        #expect(decide(bytes: 110, segments) == 1)
        #expect(decide(bytes: 60, segments) == 2)
        #expect(decide(bytes: 0, segments) == 3)
    }

    @Test("segments below the log's start go")
    func belowStart() {
        let segments: [(Offset, Int64, TimestampMs?)] = [(10, 50, nil), (20, 50, nil), (30, 50, nil)]
        #expect(decide(logStart: 20, segments) == 2)
        #expect(decide(logStart: 19, segments) == 1)
    }

    @Test("nothing above min(high watermark, durable) goes")
    func bounded() {
        let segments: [(Offset, Int64, TimestampMs?)] = [(10, 50, 1), (20, 50, 1), (30, 50, 1)]
        #expect(decide(age: .zero, bytes: 0, logStart: 30, bound: 20, segments) == 2)
        #expect(decide(age: .zero, bytes: 0, logStart: 30, bound: 9, segments) == 0)
    }
}
