"""Record values under another registry: the same bytes behind the id that the same schema has there.

A restored registry gives ids anew. Leaves of the audit's log do not hold them, so its roots stay what they were.
"""

from __future__ import annotations

from collections.abc import Callable

from fastavro.types import Schema

from schemas import catalog
from schemas.codec import MAGIC, PREFIX
from schemas.errors import Reason, Undecodable
from schemas.registrar import Registrar
from schemas.registry import subject

TextOf = Callable[[int], str | None]
"""The schema of an id, as JSON; None for one that the registry did not know."""


def schema_id(value: bytes | None) -> int | None:
    """The id that a value begins with; None where it is in no Confluent wire format."""
    if value is None or len(value) < PREFIX.size:
        return None
    magic, found = PREFIX.unpack_from(value)
    return int(found) if magic == MAGIC else None


class KeptSchemas:
    """Implements `schemas.codec.SchemaIds` for reading records whose registry is not there."""

    def __init__(self, text_of: TextOf) -> None:
        self._text_of = text_of
        self._parsed: dict[int, Schema] = {}

    def id_of(self, name: str) -> int:
        raise Undecodable(Reason.UNKNOWN_SCHEMA, f"{name}: nothing is written under the schemas of a backup")

    def schema_of(self, schema_id: int) -> Schema:
        if schema_id not in self._parsed:
            text = self._text_of(schema_id)
            if text is None:
                raise Undecodable(Reason.UNKNOWN_SCHEMA, f"schema id {schema_id} is not in the backup")
            self._parsed[schema_id] = catalog.parse(text)
        return self._parsed[schema_id]


class Reframed:
    """Values as the new registry's ids have them."""

    def __init__(self, text_of: TextOf, registrar: Registrar) -> None:
        self._text_of = text_of
        self._registrar = registrar
        self._new: dict[int, int | None] = {}

    def value(self, value: bytes | None) -> bytes | None:
        """What is framed by a schema that was known; anything else as it is. Raises RegistryUnavailable."""
        old = schema_id(value)
        if value is None or old is None:
            return value
        if old not in self._new:
            self._new[old] = self._registered(old)
        new = self._new[old]
        return value if new is None else PREFIX.pack(MAGIC, new) + value[PREFIX.size :]

    def _registered(self, old: int) -> int | None:
        text = self._text_of(old)
        parsed = None if text is None else catalog.parse(text)
        name = str(parsed.get("name", "")).rpartition(".")[2] if isinstance(parsed, dict) else ""
        if text is None or name not in catalog.NAMES:
            return None
        return self._registrar.register(subject(name), text)
