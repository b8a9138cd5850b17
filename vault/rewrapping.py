"""Where keys lie that a transit key has wrapped, and those documents with their keys wrapped anew. Pure; opens
nothing, since it needs no key.

Everything else that is wrapped travels in Kafka's records, where it can't be changed (`vault.retirement`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vault import wrapped
from vault.interface import WrappedKey
from vault.keyed_hash import Purpose, path_of, transit_key
from vault.segments import halves
from vault.segments.document import Layer, pack, unpack

_LAYERS = (Layer.VIEW, Layer.GEOMETRY)
"""Those that hold wrapped keys; a values document names the documents of its two halves instead."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What one transit key has wrapped: the documents below `folder`, or the one of that path (`single`)."""

    key: str
    folder: str
    single: bool = False


def stored(project: str) -> tuple[Wrapped, ...]:
    """All that is wrapped in a project's documents, by transit key."""
    return (
        *(Wrapped(f"{layer}-{project}", layer) for layer in _LAYERS),
        *(Wrapped(halves.transit_key(group, project), f"half-{group}") for group in halves.GROUPS),
        *(Wrapped(transit_key(project, purpose), path_of(purpose), single=True) for purpose in Purpose),
    )


def wrapped_in(path: str, blob: bytes) -> tuple[WrappedKey, ...]:
    """The wrapped keys in a document. Raises Undecodable."""
    if not _is_layer(path):
        return (wrapped.unpack(blob),)
    return tuple(WrappedKey(it.wrapped, it.context) for it in unpack(blob).keys if it.wrapped)


def with_keys(path: str, blob: bytes, fresh: Mapping[WrappedKey, WrappedKey]) -> bytes:
    """The document with these keys in the place of those; `blob` itself where it has none. Raises Undecodable."""
    if fresh.keys().isdisjoint(wrapped_in(path, blob)):
        return blob
    if not _is_layer(path):
        return wrapped.pack(fresh[wrapped.unpack(blob)])
    document = unpack(blob)
    anew = {old: new.wrapped for old, new in fresh.items()}
    keys = tuple(
        replace(it, wrapped=anew.get(WrappedKey(it.wrapped, it.context), it.wrapped)) for it in document.keys
    )
    return pack(replace(document, keys=keys))


def segment_of(path: str) -> str | None:
    """The segment that a document is a layer of; None where it is of none."""
    return path.partition("/")[2] if _is_layer(path) else None


def _is_layer(path: str) -> bool:
    return path.partition("/")[0] in _LAYERS
