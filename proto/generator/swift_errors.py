"""MartletCore's ErrorCode."""

from .text import camel, doc, header

PREFIX = "ERROR_CODE_"


def write(file):
    (codes,) = [enum for enum in file.enums if enum.name == "ErrorCode"]
    lines = header(file.path) + doc(codes.comment) + ["public enum ErrorCode: Int32, Sendable, CaseIterable {"]
    for value in codes.values:
        lines += doc(value.comment, "    ") + [f"    case {name(value)} = {value.number}"]
    retriable = [name(value) for value in codes.values if " ".join(value.comment).endswith("Retriable.")]
    lines += ["", "    /// The same request may succeed later."]
    lines += ["    public var isRetriable: Bool {", "        switch self {"]
    lines += case_lines(retriable)
    lines += ["            true", "        default:", "            false", "        }", "    }", "}", ""]
    return "\n".join(lines)


def name(value):
    return camel(value.name.removeprefix(PREFIX))


def case_lines(names):
    first, *rest = names
    lines = [f"        case .{first},"] + [f"            .{each}," for each in rest]
    return lines[:-1] + [lines[-1][:-1] + ":"]
