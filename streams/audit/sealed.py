"""A checkpoint as the sealer signs it, checked against its pinned key. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from streams.audit import checkpoint, note
from streams.audit.chain import Pins
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import BadNote, Note, Verifier

SEALER = "seal.platform"
"""Whose key signs the checkpoints of all logs, each under the log's origin as its name."""
_ORIGIN = re.compile(r"(?P<log>.+)/(?P<topic>audit\.[a-z0-9][a-z0-9._-]{0,242})/(?P<partition>0|[1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint that holds: `data` is the note as it came, `note` the same, read."""

    checkpoint: Checkpoint
    note: Note
    data: bytes


def opened(data: bytes, pins: Pins, origin: str | None = None) -> Sealed:
    """The checkpoint in a note. Raises BadNote unless the pinned sealer signed it (for `origin`, if given)."""
    said, found = checkpoint.parse(data)
    if origin is not None and said.origin != origin:
        raise BadNote(f"it is a checkpoint of another log than {origin}")
    note.check(found, verifier_of(said.origin, pins))
    return Sealed(said, found, data)


def latest_notes(notes: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """By origin the latest note of each log, of notes in their order; of a partition whose log was named anew only
    that of its last name: what the old one covers is another history.
    """
    latest = {place_of(origin) or origin: (origin, data) for origin, data in notes}
    return dict(latest.values())


def verifier_of(origin: str, pins: Pins) -> Verifier:
    """The sealer's key for this log; other tools take its `text`. Raises BadNote where none is pinned."""
    key = pins.get(SEALER)
    if key is None:
        raise BadNote(f"the pins hold no key of {SEALER}, which signs checkpoints")
    return Verifier(origin, key)


def place_of(origin: str) -> tuple[str, int] | None:
    """Topic and partition of the log with this origin; None where it is none of an audit topic."""
    found = _ORIGIN.fullmatch(origin)
    return None if found is None else (found["topic"], int(found["partition"]))


def is_folder(name: str) -> bool:
    """Whether a log of an export can have this folder."""
    topic, _, partition = name.rpartition("-")
    return place_of(f"log/{topic}/{partition}") is not None


def folder_of(origin: str) -> str | None:
    """The folder of the log with this origin in an export; None where it is none of an audit topic."""
    place = place_of(origin)
    return None if place is None else f"{place[0]}-{place[1]}"
