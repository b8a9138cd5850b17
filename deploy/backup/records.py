"""Records of a topic, small files, as a stream of bytes and back: Avro object container files, block by block."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from fastavro import parse_schema, reader
from fastavro.write import Writer

from schemas.errors import ConfigError
from streams.engine.messages import Message

BLOCK_BYTES = 64 * 1024
"""What a block holds before it is compressed and goes on: as much as age takes at once."""
_RECORD = parse_schema(
    {
        "type": "record",
        "name": "BackedUpRecord",
        "namespace": "io.veilstream.backup",
        "fields": [
            {"name": "partition", "type": "int"},
            {"name": "offset", "type": "long"},
            {"name": "timestamp", "type": "long"},
            {"name": "key", "type": ["null", "bytes"]},
            {"name": "value", "type": ["null", "bytes"]},
            {"name": "headers", "type": {"type": "map", "values": "bytes"}},
        ],
    }
)
_FILE = parse_schema(
    {
        "type": "record",
        "name": "BackedUpFile",
        "namespace": "io.veilstream.backup",
        "fields": [{"name": "name", "type": "string"}, {"name": "content", "type": "bytes"}],
    }
)


def packed(messages: Iterable[Message]) -> Iterator[bytes]:
    """Messages as bytes, a block at a time."""
    return _written(_RECORD, map(_plain, messages))


def unpacked(topic: str, source: BinaryIO) -> Iterator[Message]:
    """The messages, which say they are of `topic`. Raises ConfigError where the bytes are no such stream."""
    for plain in _read(source):
        yield Message(
            topic,
            plain["partition"],
            plain["offset"],
            plain["key"],
            plain["value"],
            plain["headers"],
            plain["timestamp"],
        )


def packed_files(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """Small files by name."""
    return _written(_FILE, ({"name": name, "content": content} for name, content in sorted(files.items())))


def unpacked_files(source: BinaryIO) -> dict[str, bytes]:
    """Raises ConfigError."""
    return {plain["name"]: plain["content"] for plain in _read(source)}


def _plain(message: Message) -> dict[str, object]:
    return {
        "partition": message.partition,
        "offset": message.offset,
        "timestamp": message.timestamp,
        "key": message.key,
        "value": message.value,
        "headers": dict(message.headers),
    }


def _written(schema: Any, records: Iterable[dict[str, object]]) -> Iterator[bytes]:  # noqa: ANN401 - fastavro's own
    out = io.BytesIO()
    writer = Writer(out, schema, codec="deflate", sync_interval=BLOCK_BYTES)
    for record in records:
        writer.write(record)
        if out.tell():
            yield _drained(out)
    writer.flush()
    yield _drained(out)


def _drained(out: io.BytesIO) -> bytes:
    data = out.getvalue()
    out.seek(0)
    out.truncate()
    return data


def _read(source: BinaryIO) -> Iterator[dict[str, Any]]:
    try:
        for plain in reader(source):
            assert isinstance(plain, dict)
            yield plain
    except (ValueError, EOFError, KeyError, TypeError, IndexError, AssertionError):
        raise ConfigError("a part of the backup is not what its name says") from None
