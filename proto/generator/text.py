"""Names and layout that the Swift writers share."""

import re
import textwrap

LINE_LENGTH = 120
SWIFT_KEYWORDS = {
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else",
    "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "init",
    "inout", "internal", "is", "let", "nil", "operator", "private", "protocol", "public", "repeat", "rethrows", "return",
    "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var",
    "where", "while",
}  # fmt: skip
SCALARS = {
    "int32": ("Int32", "0"),
    "int64": ("Int64", "0"),
    "uint32": ("UInt32", "0"),
    "uint64": ("UInt64", "0"),
    "bool": ("Bool", "false"),
    "string": ("String", '""'),
    "bytes": ("[UInt8]", "[]"),
}


def header(source, imports=()):
    lines = [f"// Written by proto/generate from proto/{source}; edit that instead.", ""]
    if imports:
        lines += sorted(imports, key=lambda line: line.split()[-1]) + [""]
    return lines


def words(name):
    """The words of a name in either case: "InitProducerId" and "init_producer_id" have the same three."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+", name)]


def camel(name):
    """Swift's name for a field, method or enum case: "topic_id" -> "topicID"."""
    first, *rest = words(name)
    swift = first + "".join({"id": "ID", "ids": "IDs"}.get(word, word.capitalize()) for word in rest)
    return f"`{swift}`" if swift in SWIFT_KEYWORDS else swift


def snake(name):
    return "_".join(words(name))


def pascal(name):
    return "".join(word.capitalize() for word in words(name))


def doc(comment, indent=""):
    """A .proto comment as a Swift doc comment, its paragraphs filled anew for the indent."""
    lines = []
    for paragraph in "\n".join(comment).split("\n\n"):
        filled = textwrap.wrap(paragraph, LINE_LENGTH - len(indent) - 4, break_on_hyphens=False, break_long_words=False)
        lines += ([""] if lines else []) + filled
    return [f"{indent}/// {line}".rstrip() for line in lines]


def swift_type(field):
    """The type of a field's property, and the value that it has when the field is absent."""
    if field.message and field.repeated:
        return f"[{field.message}]", "[]"
    if field.message:
        return f"{field.message}?", "nil"
    name, default = SCALARS[field.type]
    return (f"[{name}]", "[]") if field.repeated else (name, default)


def wrapped(start, items, end, indent):
    """start + items + end on one line if it fits, else the items broken over lines as swift-format would."""
    line = indent + start + ", ".join(items) + end
    if len(line) <= LINE_LENGTH:
        return [line]
    inner = indent + "    "
    if len(inner) + len(", ".join(items)) <= LINE_LENGTH:
        return [indent + start, inner + ", ".join(items), indent + end]
    lines, current = [], ""
    for index, item in enumerate(items):
        piece = item + ("," if index + 1 < len(items) else "")
        if current and len(inner) + len(current) + 1 + len(piece) > LINE_LENGTH:
            lines.append(inner + current)
            current = piece
        else:
            current = f"{current} {piece}".strip()
    return [indent + start] + lines + [inner + current, indent + end]
