import Foundation

/// What was done, and how the cluster took it.
struct SummaryTable {
    private var rows: [[String]] = [["attack", "lasted", "acknowledged meanwhile", "whole again after"]]

    mutating func add(_ attack: Attack, lasted: Duration, acknowledged: Int, recovery: Duration) {
        rows.append(["\(attack)", Self.text(lasted), "\(acknowledged)", Self.text(recovery)])
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
