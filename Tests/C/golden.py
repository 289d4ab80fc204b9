#!/usr/bin/env python3
"""Writes the fixtures of the batch tests by hand: struct, and a CRC-32C and an LZ4 of its own, nothing of ours.

    golden.py           writes fixtures/
    golden.py --check   fails if a file there differs from what would be written
"""

import pathlib
import struct
import sys
import zlib

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def varint(value):
    value = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(data):
    return varint(-1) if data is None else varint(len(data)) + data


def record(offset_delta, timestamp_delta, key, value, headers=()):
    body = b"\0" + varint(timestamp_delta) + varint(offset_delta) + field(key) + field(value) + varint(len(headers))
    for name, header_value in headers:
        body += field(name) + field(header_value)
    return varint(len(body)) + body


def batch(records, count, compression, base_offset=0x0102030405, epoch=6):
    covered = struct.pack(
        ">hiqqqhii", compression, count - 1, 1_700_000_000_000, 1_700_000_000_250, 0x0A0B0C0D, 7, 8, count
    )
    covered += records
    rest = struct.pack(">ibI", epoch, 2, crc32c(covered)) + covered
    return struct.pack(">qi", base_offset, len(rest)) + rest


def lz4_length(length):
    """What follows a token's nibble of 15."""
    return b"\xff" * (length // 255) + bytes([length % 255])


def lz4_sequence(literals, distance=0, match=0):
    token = min(len(literals), 15) << 4 | (min(match - 4, 15) if match else 0)
    out = bytes([token])
    if len(literals) >= 15:
        out += lz4_length(len(literals) - 15)
    out += literals
    if match:
        out += struct.pack("<H", distance)
        if match - 4 >= 15:
            out += lz4_length(match - 4 - 15)
    return out


def lz4_block(data):
    """Greedy; the last match starts 12 bytes before the end or earlier, the last 5 bytes are literals."""
    out, seen, at, start = b"", {}, 0, 0
    while at < len(data) - 12:
        word = data[at : at + 4]
        found = seen.get(word)
        seen[word] = at
        if found is None or at - found > 0xFFFF:
            at += 1
            continue
        match = 4
        while at + match < len(data) - 5 and data[found + match] == data[at + match]:
            match += 1
        out += lz4_sequence(data[start:at], at - found, match)
        at += match
        start = at
    return out + lz4_sequence(data[start:])


def lz4_frame(data):
    out = bytes.fromhex("04224d18604082")  # magic; version 1, independent blocks; 64 KiB; checksum of the two
    for at in range(0, len(data), 65536):
        block = lz4_block(data[at : at + 65536])
        out += struct.pack("<I", len(block)) + block
    return out + struct.pack("<I", 0)


def gzip_stored(data):
    stored = struct.pack("<BHH", 1, len(data), len(data) ^ 0xFFFF) + data
    return bytes.fromhex("1f8b08000000000000ff") + stored + struct.pack("<II", zlib.crc32(data), len(data))


def snappy_literal(data):
    """Length as a plain varint, then one literal with a two-byte length."""
    return bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + struct.pack("<BH", 61 << 2, len(data) - 1) + data


def zstd_raw(data):
    """Single segment, two-byte content size (stored less 256), one raw block, the last."""
    return (
        bytes.fromhex("28b52ffd60")
        + struct.pack("<H", len(data) - 256)
        + (len(data) << 3 | 1).to_bytes(3, "little")
        + data
    )


def fixtures():
    records = [
        record(0, 0, b"key", b"value"),
        record(1, 250, None, b"x" * 300, [(b"trace", b"7"), (b"", None), (b"trace", b"")]),
        record(2, -1000, b"", None),
        record(3, 100, b"k" * 70, b""),
    ]
    plain, count = b"".join(records), len(records)
    yield "batch-none.bin", batch(plain, count, NONE)
    yield "batch-gzip.bin", batch(gzip_stored(plain), count, GZIP)
    yield "batch-snappy.bin", batch(snappy_literal(plain), count, SNAPPY)
    yield "batch-lz4.bin", batch(lz4_frame(plain), count, LZ4)
    yield "batch-zstd.bin", batch(zstd_raw(plain), count, ZSTD)
    yield "records.bin", plain
    yield "frame.lz4", lz4_frame(plain)


def main():
    check = sys.argv[1:] == ["--check"]
    different = []
    for name, contents in fixtures():
        path = FIXTURES / name
        if not check:
            path.write_bytes(contents)
        elif not path.exists() or path.read_bytes() != contents:
            different.append(name)
    if different:
        sys.exit("fixtures differ from what golden.py writes: " + ", ".join(different))


main()
