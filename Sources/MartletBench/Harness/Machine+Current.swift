import Foundation

extension Machine {
    /// The machine that this process runs on.
    static var current: Machine {
        var system = utsname()
        uname(&system)
        return Machine(
            processor: processorName ?? "unknown processor", cores: ProcessInfo.processInfo.activeProcessorCount,
            memoryBytes: Int(ProcessInfo.processInfo.physicalMemory),
            kernel: "\(text(&system.sysname)) \(text(&system.release)) \(text(&system.machine))")
    }

    private static var processorName: String? {
        let cpuinfo = FileManager.default.contents(atPath: "/proc/cpuinfo").map { String(decoding: $0, as: UTF8.self) }
        let line = cpuinfo?.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// The text in one of uname's fixed fields.
    private static func text<Field>(_ field: inout Field) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
