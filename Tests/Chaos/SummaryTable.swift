import Foundation

/// What was done, and how the cluster took it.
struct SummaryTable {
    private var rows: [[String]] = [
        ["attack", "lasted", "acknowledged meanwhile", "written again after", "read after", "whole after"]
    ]

    /// From the end of an attack.
    struct Recovery {
        /// Until some hundred records more were acknowledged.
        var written: Duration
        /// Until the group was handed some hundred more after that.
        var read: Duration
        /// Until every replica was in sync besides.
        var whole: Duration
    }

    mutating func add(_ attack: Attack, lasted: Duration, acknowledged: Int, _ recovery: Recovery) {
        rows.append(
            ["\(attack)", Self.text(lasted), "\(acknowledged)"]
                + [recovery.written, recovery.read, recovery.whole].map(Self.text))
    }

    private static func text(_ duration: Duration) -> String {
        String(format: "%.1f s", duration / .seconds(1))
    }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ") + "\n"
        }.joined()
    }
}
