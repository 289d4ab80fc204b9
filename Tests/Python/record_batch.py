"""Record batches, version 2 (CSources/CMartletLog/FORMAT.md): uncompressed, no headers, no transactions."""

import struct
from collections import namedtuple

Record = namedtuple("Record", "offset timestamp key value")
"""An offset, milliseconds since 1970, and two byte strings, None where the record has none."""

# base offset, batch length, leader epoch, magic, CRC
HEAD = struct.Struct(">qiibI")
# attributes, last offset delta, base and max timestamp, producer id and epoch, base sequence, record count
BODY = struct.Struct(">hiqqqhii")
BYTES_BEFORE_LENGTH_COUNTS = 12


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def build(pairs, timestamp):
    """A batch of (key, value) pairs that all have one timestamp, as a producer sends it: the broker gives it offsets."""
    records = b"".join(record(delta, key, value) for delta, (key, value) in enumerate(pairs))
    body = BODY.pack(0, len(pairs) - 1, timestamp, timestamp, -1, -1, -1, len(pairs)) + records
    length = HEAD.size - BYTES_BEFORE_LENGTH_COUNTS + len(body)
    return HEAD.pack(0, length, -1, 2, crc32c(body)) + body


def record(offset_delta, key, value):
    body = b"\0" + varint(0) + varint(offset_delta) + nullable(key) + nullable(value) + varint(0)
    return varint(len(body)) + body


def nullable(data):
    return varint(-1) if data is None else varint(len(data)) + data


def varint(number):
    """Zigzag, then seven bits a byte from the lowest."""
    number = number << 1 ^ number >> 63
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def parse(data):
    """The records of batches that stand back to back."""
    at = 0
    while at < len(data):
        base_offset, length, _, magic, crc = HEAD.unpack_from(data, at)
        end = at + BYTES_BEFORE_LENGTH_COUNTS + length
        body = data[at + HEAD.size : end]
        if magic != 2 or end > len(data) or crc32c(body) != crc:
            raise ValueError(f"the batch at offset {base_offset} is damaged")
        attributes, _, base_timestamp, _, _, _, _, count = BODY.unpack_from(body)
        if attributes & 7:
            raise ValueError(f"the batch at offset {base_offset} is compressed")
        yield from parse_records(Reader(body[BODY.size :]), base_offset, base_timestamp, count)
        at = end


def parse_records(reader, base_offset, base_timestamp, count):
    for _ in range(count):
        reader.varint()  # the record's length
        reader.take(1)  # attributes
        timestamp, offset = base_timestamp + reader.varint(), base_offset + reader.varint()
        key, value = reader.nullable(), reader.nullable()
        for _ in range(reader.varint()):
            reader.nullable(), reader.nullable()  # a header
        yield Record(offset, timestamp, key, value)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("a record reaches past its batch")
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self):
        number = shift = 0
        while True:
            (byte,) = self.take(1)
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number >> 1 ^ -(number & 1)

    def nullable(self):
        length = self.varint()
        return None if length < 0 else self.take(length)
