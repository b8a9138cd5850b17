"""A part of an export, copied to where another goes on with it: the logs of some topics, and nothing of others.

What is copied was checked against the checkpoint that lies beside it. Whether that is what the sealer has signed
since, `Exporter` sees when it goes on.
"""

from __future__ import annotations

from collections.abc import Collection

from streams.audit.chain import Pins
from streams.audit.entries import large_digest
from streams.audit.exported import check_of
from streams.audit.index import INDEX, BadIndex, Index, large_name, read_index
from streams.audit.store import Store


def copy_logs(source: Store, target: Store, topics: Collection[str], pins: Pins) -> None:
    """Copy them into `target`, where nothing lies. Hold `source.alone` meanwhile.

    Raises BadIndex where the source is no export, has none of these logs or is damaged; BadNote, OSError.
    """
    index = read_index(source.get(INDEX) or b"")
    logs = {name: place for name, place in index.logs.items() if place.topic in topics}
    if not logs:
        raise BadIndex(f"nothing of {' or '.join(sorted(topics))} is in it")
    for name in logs:
        for large in _larges(source, name, pins):
            _copy(source, target, large)
        for file in sorted(source.names(name)):
            _copy(source, target, file)
    target.put(INDEX, Index(logs).data())


def _larges(source: Store, name: str, pins: Pins) -> set[str]:
    """The files beside the tiles to which entries of a log point; the log is checked on the way."""
    check = check_of(source, name, pins)
    if check is None:
        return set()
    digests = {large_digest(entry) for _, entries in check.bundles() for entry in entries}
    if check.findings:
        raise BadIndex(f"it is damaged: {check.findings[0]}")
    return {large_name(digest) for digest in digests if digest is not None}


def _copy(source: Store, target: Store, name: str) -> None:
    data = source.get(name)
    if data is None:
        raise BadIndex(f"it is damaged: {name} is not there, or is no file of an export")
    target.put(name, data)
