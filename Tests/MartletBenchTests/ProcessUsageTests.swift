import Foundation
import MartletBench
import Testing

@Suite("What the kernel counts")
struct ProcessUsageTests {
    @Test("CPU time is read behind a process name that holds blanks and brackets")
    func cpuTicks() {
        let line =
            "4711 (a (strange) name) S 1 4711 4711 0 -1 4194560 1000 0 0 0 250 31 0 0 20 0 5 0 12345 1000000 5000"
        #expect(ProcessUsage.cpuTicks(stat: line) == 281)
    }

    @Test("a line that is cut short has no CPU time", arguments: ["", "4711 (name", "4711 (name) S 1 2 3"])
    func cutShort(line: String) {
        #expect(ProcessUsage.cpuTicks(stat: line) == nil)
    }

    @Test("anonymous memory is read in bytes")
    func anonymousBytes() {
        #expect(
            ProcessUsage.anonymousBytes(status: "Name:\tmartlet\nRssAnon:\t   20480 kB\nRssFile: 10 kB\n") == 20_971_520
        )
        #expect(ProcessUsage.anonymousBytes(status: "Name:\tmartlet\n") == nil)
    }

    @Test("this process uses memory")
    func own() throws {
        #expect(try ProcessUsage(pid: getpid()).anonymousBytes > 0)
    }

    @Test("a sample is found in Prometheus text by its whole name")
    func metrics() {
        let text = "# HELP x_sum help\nx_sum_more 3\nx_sum 12.5\nx_count 5\n"
        #expect(Metrics.value(of: "x_sum", in: text) == 12.5)
        #expect(Metrics.value(of: "x", in: text) == nil)
    }
}
