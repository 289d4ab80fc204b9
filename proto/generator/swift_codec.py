"""How the messages of one file become protobuf-c's structs, and back."""

from .text import camel, header, snake

RUNTIME = "MartletProtocol"
"""The module that holds CTwin and its kin."""


def write(file, c_module, swift_module):
    imports = [f"package import {c_module}"]
    if swift_module != RUNTIME:
        imports.append(f"package import {RUNTIME}")
    lines = header(file.path, imports)
    for message in file.messages:
        lines += message_lines(message, file.package) + [""]
    return "\n".join(lines)


def message_lines(message, package):
    names = package.split(".")
    type_prefix = "".join(f"{name.capitalize()}__" for name in names)
    prefix = "".join(f"{name}__" for name in names) + f"{snake(message.name)}__"
    return [
        f"extension {message.name}: CTwin {{",
        f"    package typealias C = {type_prefix}{message.name}",
        f'    package static var name: String {{ "{message.name}" }}',
        f"    package static var unpack: Unpack<C> {{ {prefix}unpack }}",
        "",
        *decode_lines(message, type_prefix.upper()),
        "",
        "    package func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) {",
        f"        {prefix}init(c)",
        *(line for field in message.fields if not field.oneof for line in fill_lines(field)),
        *(line for oneof in message.oneofs for line in fill_oneof_lines(message, oneof, type_prefix.upper())),
        "    }",
        "}",
    ]


def decode_lines(message, constant_prefix):
    start = "    package init(_ c: UnsafePointer<C>) throws(WireError) {"
    if not message.fields:
        return [start + "}"]
    lines = [f"        {camel(f.name)} = {decoded(f)}" for f in message.fields if not f.oneof]
    for oneof in message.oneofs:
        lines += [f"        switch c.pointee.{oneof.name}_case {{"]
        for field in oneof.fields:
            lines += [f"        case {constant_prefix}{case_constant(message, oneof, field)}:"]
            lines += [f"            {camel(oneof.name)} = .{camel(field.name)}(try {field.message}(c.pointee.{field.name}))"]
        lines += ["        default:", f"            {camel(oneof.name)} = nil", "        }"]
    return [start] + lines + ["    }"]


def decoded(field):
    value = f"c.pointee.{field.name}"
    if field.repeated:
        count = f"c.pointee.n_{field.name}"
        if field.message:
            return f"try Self.messages({value}, {count})"
        if field.type == "bytes":
            return f"Self.arrays({value}, {count})"
        if field.type == "string":
            return f'try Self.texts({value}, {count}, field: "{field.name}")'
        return f"Self.numbers({value}, {count})"
    if field.message:
        return f"try Self.message({value})"
    if field.type == "bytes":
        return f"Self.array({value})"
    if field.type == "string":
        return f'try Self.text({value}, field: "{field.name}")'
    return f"{value} != 0" if field.type == "bool" else value


def fill_lines(field):
    name = camel(field.name)
    if field.repeated:
        return [f"        (c.pointee.{field.name}, c.pointee.n_{field.name}) = arena.copy({name})"]
    if field.message or field.type in ("bytes", "string"):
        return [f"        c.pointee.{field.name} = arena.copy({name})"]
    return [f"        c.pointee.{field.name} = {name + ' ? 1 : 0' if field.type == 'bool' else name}"]


def fill_oneof_lines(message, oneof, constant_prefix):
    lines = [f"        switch {camel(oneof.name)} {{"]
    for field in oneof.fields:
        lines += [f"        case .{camel(field.name)}(let value):"]
        lines += [f"            c.pointee.{oneof.name}_case = {constant_prefix}{case_constant(message, oneof, field)}"]
        lines += [f"            c.pointee.{field.name} = arena.copy(value)"]
    return lines + ["        case nil:", "            break", "        }"]


def case_constant(message, oneof, field):
    return f"{snake(message.name).upper()}__{oneof.name.upper()}_{field.name.upper()}"
