"""Swift values for the messages of one file."""

from .descriptor import Oneof
from .swift_codec import RUNTIME
from .text import camel, doc, header, pascal, swift_type, wrapped


def write(file, swift_module):
    runtime = [] if swift_module == RUNTIME else [f"package import {RUNTIME}"]
    lines = header(file.path, ["package import NIOCore", *runtime])
    for message in file.messages:
        lines += message_lines(message) + [""]
    return "\n".join(lines)


def message_lines(message):
    members = [property_of(message, member) for member in message.members()]
    lines = doc(message.comment) + [f"package struct {message.name}: WireMessage {{"]
    for name, type, default, comment in members:
        value = "" if type.endswith("?") else f" = {default}"
        lines += doc(comment, "    ") + [f"    package var {name}: {type}{value}"]
    for oneof in message.oneofs:
        lines += [""] + oneof_lines(oneof)
    lines += [""] if members else []
    lines += ["    package init() {}", ""]
    if members:
        arguments = [f"{name}: {type} = {default}" for name, type, default, _ in members]
        lines += wrapped("package init(", arguments, ") {", "    ")
        lines += [f"        self.{name.strip('`')} = {name}" for name, _, _, _ in members]
        lines += ["    }", ""]
    return lines + WITNESSES + ["}"]


def property_of(message, member):
    if isinstance(member, Oneof):
        return camel(member.name), f"{pascal(member.name)}?", "nil", member.comment
    return camel(member.name), *swift_type(member), member.comment


def oneof_lines(oneof):
    lines = doc(oneof.comment, "    ") + [f"    package enum {pascal(oneof.name)}: Sendable, Equatable {{"]
    for field in oneof.fields:
        lines += doc(field.comment, "        ") + [f"        case {camel(field.name)}({field.message})"]
    return lines + ["    }"]


WITNESSES = """\
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }""".splitlines()
