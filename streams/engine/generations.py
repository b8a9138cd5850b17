"""State that is written as a whole, in records small enough for a topic; the latest complete one holds. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from schemas.states import WatchState

CHUNK_BYTES = 512 * 1024
"""A record may be 2 MiB (`max.message.bytes`); a hundred thousand open tasks take five of these (measured)."""


def chunked(data: bytes, project: str, generation: int) -> list[WatchState]:
    """As records."""
    parts = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    digest = hashlib.sha256(data).hexdigest()
    return [WatchState(project, generation, at, len(parts), digest, part) for at, part in enumerate(parts)]


def latest(records: Iterable[WatchState]) -> Mapping[str, tuple[int, bytes]]:
    """By project the latest generation of which all is there, and its data."""
    pieces: dict[tuple[str, int], dict[int, WatchState]] = {}
    for record in records:
        pieces.setdefault((record.project, record.generation), {})[record.chunk] = record
    found: dict[str, tuple[int, bytes]] = {}
    for (project, generation), chunks in sorted(pieces.items()):
        data = b"".join(chunks[at].data for at in sorted(chunks))
        one = next(iter(chunks.values()))
        if len(chunks) == one.chunks and hashlib.sha256(data).hexdigest() == one.digest:
            found[project] = generation, data
    return found
