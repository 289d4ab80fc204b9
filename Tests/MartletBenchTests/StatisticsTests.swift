import MartletBench
import Testing

@Suite("Statistics")
struct StatisticsTests {
    @Test(
        "the median is the middle value, or the mean of the middle two",
        arguments: [
            ([3.0], 3.0), ([9, 1, 5], 5), ([4, 1, 3, 2], 2.5), ([7, 7, 1, 100, 7], 7), ([], 0),
        ] as [([Double], Double)])
    func median(values: [Double], expected: Double) {
        #expect(values.median == expected)
    }

    @Test("samples are kept by figure, in the order in which figures first came and rounds were run")
    func sampleBook() {
        let slow = Figure("slow", "slow", .seconds)
        let fast = Figure("fast", "fast", .recordsPerSecond)
        var book = SampleBook()
        for sample in [Sample(slow, 3), Sample(fast, 10), Sample(slow, 1), Sample(slow, 2), Sample(fast, 20)] {
            book.add(sample)
        }
        #expect(book.summaries.map(\.figure) == [slow, fast])
        #expect(book.summaries.map(\.values) == [[3, 1, 2], [10, 20]])
        #expect(book.summaries.map(\.median) == [2, 15])
        #expect(book.summaries.map(\.least) == [1, 10])
        #expect(book.summaries.map(\.most) == [3, 20])
    }

    @Test("a curve of a later round takes the place of the earlier one")
    func curves() {
        var findings = Findings()
        findings.add(Curve(title: "echo", points: [.init(x: 0, y: 1)]))
        findings.add(Curve(title: "product", points: []))
        findings.add(Curve(title: "echo", points: [.init(x: 0, y: 2)]))
        #expect(findings.curves.map(\.title) == ["echo", "product"])
        #expect(findings.curves[0].points == [.init(x: 0, y: 2)])
    }
}
