/// A table of text in aligned columns.
package struct TextTable {
    package enum Alignment: Sendable { case left, right }

    /// A column's heading and where its cells stand.
    package struct Column: Sendable {
        package var heading: String
        package var alignment: Alignment

        package static func left(_ heading: String) -> Column { Column(heading: heading, alignment: .left) }
        package static func right(_ heading: String) -> Column { Column(heading: heading, alignment: .right) }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    package var isEmpty: Bool { rows.isEmpty }

    package mutating func add(_ cells: String...) { add(cells) }

    package mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count)
        rows.append(cells)
    }

    /// With two spaces between columns, no spaces at line ends, every line ended. Without the heading when every
    /// heading is empty.
    package var text: String {
        let hasHeadings = columns.contains { !$0.heading.isEmpty }
        let lines = (hasHeadings ? [columns.map(\.heading)] : []) + rows
        let widths = columns.indices.map { index in lines.map { $0[index].count }.max() ?? 0 }
        var text = ""
        for line in lines {
            var padded = ""
            for (index, cell) in line.enumerated() {
                let space = String(repeating: " ", count: widths[index] - cell.count)
                padded += columns[index].alignment == .left ? cell + space : space + cell
                padded += "  "
            }
            while padded.last == " " { padded.removeLast() }
            text += padded + "\n"
        }
        return text
    }
}
