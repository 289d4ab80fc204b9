"""Reads the FileDescriptorSet that protoc writes, with nothing but Python's own library.

Only what the generator needs of descriptor.proto is decoded. Field numbers below are that file's.
"""

from dataclasses import dataclass, field

TYPES = {
    3: "int64",
    4: "uint64",
    5: "int32",
    8: "bool",
    9: "string",
    11: "message",
    12: "bytes",
    13: "uint32",
}
LABEL_REPEATED = 3


@dataclass
class Field:
    name: str
    number: int
    type: str
    """A value of TYPES."""
    message: str
    """The message's name if type is "message", else empty."""
    repeated: bool
    oneof: str
    """The name of the oneof that it belongs to, or empty."""
    comment: list[str]


@dataclass
class Oneof:
    name: str
    comment: list[str]
    fields: list[Field] = field(default_factory=list)


@dataclass
class Message:
    name: str
    comment: list[str]
    fields: list[Field]
    oneofs: list[Oneof]

    def members(self):
        """Fields and oneofs in the order of declaration; a oneof stands where its first field does."""
        seen = set()
        for each in self.fields:
            if not each.oneof:
                yield each
            elif each.oneof not in seen:
                seen.add(each.oneof)
                yield next(oneof for oneof in self.oneofs if oneof.name == each.oneof)


@dataclass
class EnumValue:
    name: str
    number: int
    comment: list[str]


@dataclass
class Enum:
    name: str
    comment: list[str]
    values: list[EnumValue]


@dataclass
class Method:
    name: str
    request: str
    response: str
    comment: list[str]


@dataclass
class Service:
    name: str
    comment: list[str]
    methods: list[Method]


@dataclass
class File:
    path: str
    """Below proto/: "martlet/v1/rpc.proto"."""
    package: str
    """"martlet.v1"."""
    messages: list[Message]
    enums: list[Enum]
    services: list[Service]

    @property
    def stem(self):
        return self.path.rsplit("/", 1)[1].removesuffix(".proto")


class Wire(dict):
    """The fields of one protobuf message: number -> list of values (int, or bytes)."""

    def __init__(self, data):
        super().__init__()
        at = 0
        while at < len(data):
            tag, at = varint(data, at)
            kind = tag & 7
            if kind == 0:
                value, at = varint(data, at)
            elif kind == 2:
                size, at = varint(data, at)
                value, at = data[at : at + size], at + size
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
                value, at = data[at : at + size], at + size
            else:
                raise ValueError(f"wire type {kind} in a descriptor")
            self.setdefault(tag >> 3, []).append(value)

    def int(self, number, default=0):
        return self[number][-1] if number in self else default

    def text(self, number):
        return self[number][-1].decode() if number in self else ""

    def all(self, number):
        return [Wire(value) for value in self.get(number, [])]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def packed(data):
    values, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return tuple(values)


def read(data):
    """The files of a serialised FileDescriptorSet with source info."""
    files = [read_file(each) for each in Wire(data).all(1)]
    check(files)
    return files


def read_file(wire):
    path = wire.text(1)
    comments = read_comments(wire)
    return File(
        path,
        wire.text(2),
        [read_message(each, (4, index), comments, path) for index, each in enumerate(wire.all(4))],
        [read_enum(each, (5, index), comments) for index, each in enumerate(wire.all(5))],
        [read_service(each, (6, index), comments) for index, each in enumerate(wire.all(6))],
    )


def read_comments(wire):
    """Path of a declaration -> lines of the comment before it and of the one after it on its line."""
    comments = {}
    for info in wire.all(9):
        for location in info.all(1):
            lines = (location.text(3) + location.text(4)).splitlines()
            comments[packed(b"".join(location.get(1, [])))] = [line.strip() for line in lines]
    return comments


def read_message(wire, at, comments, path):
    name = wire.text(1)
    if 3 in wire or 4 in wire:
        raise ValueError(f"{path}: {name}: declare nested messages and enums at the top level")
    oneofs = [Oneof(each.text(1), comments.get(at + (8, index), [])) for index, each in enumerate(wire.all(8))]
    fields = []
    for index, each in enumerate(wire.all(2)):
        kind = each.int(5)
        if kind not in TYPES or each.int(17):
            raise ValueError(f"{path}: {name}.{each.text(1)}: the generator knows {', '.join(TYPES.values())} only")
        oneof = oneofs[each.int(9)] if 9 in each else None
        fields.append(
            Field(
                each.text(1),
                each.int(3),
                TYPES[kind],
                each.text(6).rsplit(".", 1)[-1],
                each.int(4) == LABEL_REPEATED,
                oneof.name if oneof else "",
                comments.get(at + (2, index), []),
            )
        )
        if oneof:
            oneof.fields.append(fields[-1])
    return Message(name, comments.get(at, []), fields, oneofs)


def read_enum(wire, at, comments):
    values = []
    for index, each in enumerate(wire.all(2)):
        number = each.int(2)
        signed = number - (1 << 64) if number >> 63 else number
        values.append(EnumValue(each.text(1), signed, comments.get(at + (2, index), [])))
    return Enum(wire.text(1), comments.get(at, []), values)


def read_service(wire, at, comments):
    methods = []
    for index, each in enumerate(wire.all(2)):
        if each.int(5) or each.int(6):
            raise ValueError(f"{wire.text(1)}.{each.text(1)}: calls are unary")
        request, response = (each.text(number).rsplit(".", 1)[-1] for number in (2, 3))
        methods.append(Method(each.text(1), request, response, comments.get(at + (2, index), [])))
    return Service(wire.text(1), comments.get(at, []), methods)


def check(files):
    """Refuses what the codec relies on not being there."""
    messages = {message.name: message for file in files for message in file.messages}

    def depth(name, above):
        if name in above:
            raise ValueError(f"{name} contains itself: decoding would recurse as deep as a stranger likes")
        for each in messages[name].fields:
            if each.message:
                depth(each.message, above + [name])
            if each.oneof and not each.message:
                raise ValueError(f"{name}.{each.name}: in a oneof the generator knows messages only")

    for name in messages:
        depth(name, [])
