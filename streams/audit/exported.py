"""The events that lie in an export, read once it is known to hold (`verify`)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from schemas.audit import AuditEvent
from schemas.errors import ChainBroken
from schemas.leaf import event_of
from streams.audit.chain import Pins
from streams.audit.entries import large_digest
from streams.audit.index import INDEX, large_name, read_index
from streams.audit.log_check import LogCheck
from streams.audit.sealed import opened
from streams.audit.store import Store
from streams.audit.tiles import CHECKPOINT


def exported_events(store: Store, pins: Pins) -> Iterator[AuditEvent]:
    """Every event of every log. What is no event is left out. Raises BadIndex, BadNote, OSError."""
    index = read_index(store.get(INDEX) or b"")
    for name in sorted(index.logs):
        check = check_of(store, name, pins)
        for _, entries in check.bundles() if check else ():
            for entry in entries:
                digest = large_digest(entry)
                data = entry if digest is None else store.get(large_name(digest)) or b""
                try:
                    yield event_of(data)
                except ChainBroken:
                    continue


def check_of(store: Store, name: str, pins: Pins) -> LogCheck | None:
    """Of all of a log; None for an empty one, which has no checkpoint yet. Raises BadNote, OSError."""
    note = store.get(f"{name}/{CHECKPOINT}")
    return None if note is None else LogCheck(name, opened(note, pins).checkpoint, partial(_of_log, store, name))


def _of_log(store: Store, name: str, path: str) -> bytes | None:
    return store.get(f"{name}/{path}")
