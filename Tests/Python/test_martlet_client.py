#!/usr/bin/env python3
"""Checks the client against the example in proto/README.md, and against a scripted broker: no broker is needed.

    python3 Tests/Python/test_martlet_client.py
"""

import io
import re
import socket
import threading
import unittest
from pathlib import Path

from google.protobuf import text_format

import martlet_client as client
import record_batch

PAGE = Path(__file__).resolve().parent.parent.parent / "proto" / "README.md"


def example():
    """The frames that the page shows: a list of {"RpcMeta": (text, bytes), message name: (text, bytes), ...}."""
    block = re.search(r"ExampleFramesTests. -->\n\n```text\n(.*?)\n```\n", PAGE.read_text(), re.S).group(1)
    frames = []
    for frame in block.split("\n\n"):
        parts = {}
        for line in frame.splitlines()[1:]:
            if line.startswith("    "):
                parts[name][1].extend(bytes.fromhex(line))
            else:
                name, _, text = line.strip().partition(": ")
                parts[name] = (text, bytearray())
        frames.append(parts)
    return frames


def frame_bytes(parts):
    return b"".join(bytes(data) for _, data in parts.values())


def message_type(name):
    return next(getattr(module, name) for module in client.PB.values() if hasattr(module, name))


class ExampleTest(unittest.TestCase):
    def test_the_page_has_its_frames(self):
        self.assertEqual(len(example()), 5)

    def test_every_part_is_what_the_page_says_it_is(self):
        for parts in example():
            for name, (text, data) in parts.items():
                if name == "attachment" or name.startswith("magic") or text == "none":
                    continue
                message = message_type(name).FromString(bytes(data))
                self.assertEqual(text_format.MessageToString(message, as_one_line=True), text)
                self.assertEqual(message.SerializeToString(), bytes(data))

    def test_frames_are_read_as_they_were_written(self):
        for parts in example():
            data = frame_bytes(parts)
            stream = io.BytesIO(data)
            meta, message, attachment = client.read_frame(stream.read)
            self.assertEqual(stream.read(), b"")
            self.assertEqual(client.encode_frame(meta, message, attachment), data)

    def test_the_batch_is_what_we_build(self):
        (_, batch) = next(parts["attachment"] for parts in example() if "attachment" in parts)
        self.assertEqual(record_batch.build([(b"k", b"hello")], 1_700_000_000_000), bytes(batch))


class RecordBatchTest(unittest.TestCase):
    def test_crc32c_of_the_published_vectors(self):
        self.assertEqual(record_batch.crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(record_batch.crc32c(bytes(32)), 0x8A9136AA)  # RFC 3720, B.4

    def test_records_survive(self):
        pairs = [(b"k", b"v"), (None, b""), (b"", None), (b"k" * 300, b"v" * 70_000)]
        batches = record_batch.build(pairs, 7) + record_batch.build(pairs[:1], 8)
        records = list(record_batch.parse(batches))
        self.assertEqual([(record.key, record.value) for record in records], pairs + pairs[:1])
        self.assertEqual([record.offset for record in records], [0, 1, 2, 3, 0])
        self.assertEqual([record.timestamp for record in records], [7, 7, 7, 7, 8])

    def test_a_flipped_bit_is_noticed(self):
        batch = bytearray(record_batch.build([(b"k", b"v")], 7))
        batch[-1] ^= 1
        with self.assertRaises(ValueError):
            list(record_batch.parse(bytes(batch)))


class ScriptedBrokerTest(unittest.TestCase):
    """The client's side of a conversation with a socket that answers from a script."""

    def talk(self, answer, call):
        """Runs `call` on a connection whose peer answers one frame with `answer(meta)`; returns what `call` does."""
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve():
                peer, _ = server.accept()
                with peer, peer.makefile("rb") as stream:
                    meta, _, _ = client.read_frame(stream.read)
                    peer.sendall(answer(meta))

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                connection = client.Connection(*server.getsockname())
                with connection.socket:
                    return call(connection)
            finally:
                thread.join()

    def test_an_answer_to_another_call_is_dropped(self):
        def answer(meta):
            stray = client.PB["rpc"].RpcMeta(call_id=99)
            stray.response.SetInParent()
            ours = client.PB["rpc"].RpcMeta(call_id=meta.call_id)
            ours.response.SetInParent()
            response = client.PB["connection"].HelloResponse(version=1, cluster_id="c1")
            return client.encode_frame(stray) + client.encode_frame(ours, response.SerializeToString())

        self.assertEqual(self.talk(answer, client.hello).cluster_id, "c1")

    def test_a_failed_call_says_why(self):
        def answer(meta):
            failed = client.PB["rpc"].RpcMeta(call_id=meta.call_id)
            failed.response.status, failed.response.message = 9, "say hello first"
            return client.encode_frame(failed)

        with self.assertRaisesRegex(client.CallFailed, "status 9.*say hello first"):
            self.talk(answer, client.hello)

    def test_a_connection_that_ends_in_the_middle_of_a_frame_is_an_error(self):
        with self.assertRaises(ConnectionError):
            self.talk(lambda _: b"MRT1\0\0", client.hello)


if __name__ == "__main__":
    unittest.main()
