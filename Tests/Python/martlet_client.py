#!/usr/bin/env python3
"""A Martlet client from proto/README.md alone: protoc's Python output, a socket, and record_batch.py.

    python3 Tests/Python/martlet_client.py HOST:PORT

says hello, creates a topic, produces three records, fetches them back, prints them one a line as
offset<TAB>key<TAB>value, and exits with 0 if they are what was sent. Needs protoc and Python's protobuf package.
"""

import importlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import record_batch

PROTOS = Path(__file__).resolve().parent.parent.parent / "proto"
FRAME_HEAD = struct.Struct(">4sII")
MAGIC = b"MRT1"
TIMEOUT_MS = 10_000


def contract():
    """The modules that protoc makes of martlet/v1, by name: "rpc", "records", ..."""
    with tempfile.TemporaryDirectory() as out:
        files = [str(path) for path in sorted(PROTOS.glob("martlet/v1/*.proto"))]
        subprocess.run(["protoc", f"-I{PROTOS}", f"--python_out={out}", *files], check=True)
        sys.path.insert(0, out)
        try:
            names = [Path(file).stem for file in files]
            return {name: importlib.import_module(f"martlet.v1.{name}_pb2") for name in names}
        finally:
            sys.path.remove(out)


PB = contract()


class CallFailed(Exception):
    pass


def encode_frame(meta, message=b"", attachment=b""):
    meta.attachment_bytes = len(attachment)
    head = meta.SerializeToString()
    return FRAME_HEAD.pack(MAGIC, len(head), len(message) + len(attachment)) + head + message + attachment


def read_frame(read):
    """Meta, message and attachment of the next frame; `read(n)` returns exactly n bytes."""
    magic, meta_size, body_size = FRAME_HEAD.unpack(read(FRAME_HEAD.size))
    if magic != MAGIC:
        raise ValueError(f"not a frame: {magic!r}")
    meta = PB["rpc"].RpcMeta.FromString(read(meta_size))
    body = read(body_size)
    message_size = body_size - meta.attachment_bytes
    if message_size < 0:
        raise ValueError("the attachment is larger than the body")
    return meta, body[:message_size], body[message_size:]


class Connection:
    """One call at a time."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT_MS / 1000 + 5)
        self.call_id = 0

    def call(self, service, method, request, response_type, attachment=b""):
        """The response and its attachment."""
        self.call_id += 1
        meta = PB["rpc"].RpcMeta(call_id=self.call_id)
        meta.request.service, meta.request.method, meta.request.timeout_ms = service, method, TIMEOUT_MS
        self.socket.sendall(encode_frame(meta, request.SerializeToString(), attachment))
        while True:
            meta, message, attachment = read_frame(self.read)
            if meta.call_id == self.call_id and meta.WhichOneof("kind") == "response":
                break
        if meta.response.status:
            response = meta.response
            raise CallFailed(f"{service}.{method}: status {response.status}, error {response.error}: {response.message}")
        return response_type.FromString(message), attachment

    def read(self, count):
        data = bytearray()
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the broker closed the connection")
            data += piece
        return bytes(data)


def checked(result, what):
    if result.error:
        raise CallFailed(f"{what}: error {result.error}: {result.message}")
    return result


def hello(connection):
    pb = PB["connection"]
    request = pb.HelloRequest(version_min=1, version_max=1, client_name=b"python example")
    return connection.call("Connection", "Hello", request, pb.HelloResponse)[0]


def create_topic(connection, name):
    """The topic's id."""
    pb = PB["topics"]
    request = pb.CreateTopicsRequest(topics=[pb.NewTopic(name=name, partitions=1, replication_factor=-1)])
    response, _ = connection.call("Topics", "CreateTopics", request, pb.CreateTopicsResponse)
    return checked(response.topics[0], "creating the topic").topic_id


def produce(connection, topic_id, batch):
    """The offset of the batch's first record in partition 0."""
    pb = PB["records"]
    part = pb.ProducePartition(topic_id=topic_id, partition=0, leader_epoch=-1, batch_bytes=len(batch))
    request = pb.ProduceRequest(acks=-1, partitions=[part])
    response, _ = connection.call("Records", "Produce", request, pb.ProduceResponse, batch)
    return checked(response.partitions[0], "producing").base_offset


def fetch(connection, topic_id, offset):
    """The records of partition 0 from `offset` on, as many as come at once."""
    pb = PB["records"]
    part = pb.FetchPartition(
        topic_id=topic_id, partition=0, leader_epoch=-1, fetch_offset=offset, last_fetched_epoch=-1, max_bytes=1 << 20
    )
    request = pb.FetchRequest(max_wait_ms=5000, min_bytes=1, max_bytes=1 << 20, partitions=[part])
    response, attachment = connection.call("Records", "Fetch", request, pb.FetchResponse)
    at, records = 0, []
    for result in response.partitions:
        checked(result, "fetching")
        batches, at = attachment[at : at + result.batch_bytes], at + result.batch_bytes
        records += [record for record in record_batch.parse(batches) if record.offset >= offset]
    return records


def main(address):
    host, _, port = address.rpartition(":")
    connection = Connection(host.strip("[]"), int(port))
    broker = hello(connection)
    print(f"broker {broker.broker_id} of cluster {broker.cluster_id}, {broker.broker_version}", file=sys.stderr)
    topic_id = create_topic(connection, b"python-%d-%d" % (os.getpid(), time.time_ns()))
    sent = [(b"key-1", b"hello"), (None, "Grüße".encode()), (b"key-3", None)]
    base_offset = produce(connection, topic_id, record_batch.build(sent, time.time_ns() // 1_000_000))
    records = []
    while len(records) < len(sent):
        got = fetch(connection, topic_id, base_offset + len(records))
        if not got:
            raise CallFailed(f"only {len(records)} of {len(sent)} records came back")
        records += got
    for record in records:
        print(record.offset, *("" if each is None else each.decode() for each in record[2:]), sep="\t")
    return 0 if [(record.key, record.value) for record in records] == sent else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1]))
    except (CallFailed, OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
