"""What leaf bytes begin with, by the id in the registry of the schema that an event was written with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas import catalog, leaf
from schemas.audit import AuditEvent
from schemas.codec import MAGIC, PREFIX, SchemaIds
from schemas.errors import Undecodable


class Prefixes:
    """Asks the registry for each id once. One that it does not know is asked for again: it may come to know it.

    Not thread-safe.
    """

    def __init__(self, ids: SchemaIds) -> None:
        self._ids = ids
        self._known: dict[int, bytes] = {}
        self._others: set[int] = set()
        """Of schemas that are no event's."""

    def of(self, values: Iterable[bytes | None]) -> Mapping[int, bytes]:
        """Those of all events among these values of records. Raises RegistryUnavailable."""
        for schema_id in {_id_of(value) for value in values} - self._known.keys() - self._others - {None}:
            assert schema_id is not None
            self._look_up(schema_id)
        return self._known

    def _look_up(self, schema_id: int) -> None:
        try:
            writer = self._ids.schema_of(schema_id)
        except Undecodable:
            return
        if _name(writer) == _name(catalog.parsed(AuditEvent.__name__)):
            self._known[schema_id] = leaf.prefix_of(writer)
        else:
            self._others.add(schema_id)


def _id_of(value: bytes | None) -> int | None:
    if value is None or len(value) < PREFIX.size:
        return None
    magic, schema_id = PREFIX.unpack_from(value)
    return int(schema_id) if magic == MAGIC else None


def _name(schema: object) -> object:
    return schema.get("name") if isinstance(schema, dict) else None
