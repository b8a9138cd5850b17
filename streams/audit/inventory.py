"""What an export says of itself: its index, the pins and the schema beside it, which logs there are and up to
which checkpoint, which of them are unfinished, and files that belong to none.

It is as untrusted as the rest (`verify`). Another process may go on exporting meanwhile: what that has written
since is no finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from streams.audit.chain import Pins
from streams.audit.export_files import half, strangers
from streams.audit.findings import Finding, FindingKind
from streams.audit.index import (
    INDEX,
    LARGE,
    NEXT,
    PINS,
    SCHEMA,
    BadIndex,
    Index,
    LogPlace,
    large_name,
    read_index,
    read_pins,
    schema_data,
    sha256,
)
from streams.audit.note import BadNote
from streams.audit.sealed import Sealed, folder_of, is_folder, opened
from streams.audit.store import Store
from streams.audit.tiles import CHECKPOINT, WIDTH

MAX_MISSING = 100_000
"""Bundles of a log, some 25 million entries. Up to this many each is looked for and named."""
_ENTRIES = "tile/entries"


@dataclass(frozen=True, slots=True)
class Inventory:
    """`pins`: those that count, the verifier's or the export's; `logs`: the checkpoint of each log that is signed,
    by folder; `extended`: logs that an export is extending, or was when it ended; `halves`: folders where a crash
    left half of a file; `bundles`: how many files of entries each folder has.
    """

    index: Index
    pins: Pins
    logs: Mapping[str, Sealed]
    extended: frozenset[str]
    halves: frozenset[str]
    bundles: Counter[str]
    findings: tuple[Finding, ...]

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Logs whose export was interrupted, and goes on at the next one."""
        return tuple(sorted(self.extended | (self.logs.keys() & self.halves)))

    def out_of_reach(self, log: str) -> Finding | None:
        """Where so much of the log is missing that to look for each piece could take for ever."""
        missing = self.logs[log].checkpoint.size // WIDTH - self.bundles[log]
        if missing <= MAX_MISSING:
            return None
        text = f"{missing:,} bundles are missing; none was looked at"
        return Finding(FindingKind.MISSING, f"{log}/{_ENTRIES}", text)


def inventory(store: Store, own: Pins | None, only: str | None = None) -> Inventory:
    """What there is, and what is wrong with it. `own`: the verifier's pins; without them those in the export
    count. `only`: the folder of the one log that is looked at.
    """
    index, findings = _index(store)
    said, wrong = _said_pins(store)
    findings += [*wrong, *_beside(store, index, said, own)]
    pins = said if own is None else own
    names = tuple(store.names())
    found = {name: _sealed(store, name, index.logs.get(name), pins) for name in _folders(names, index, only)}
    findings += [it for it in found.values() if isinstance(it, Finding)]
    if only is not None and all(it is None for it in found.values()):
        text = "the export has no such log, or nothing of it is sealed"
        findings.append(Finding(FindingKind.MISSING, only, text))
    logs = {name: it for name, it in found.items() if isinstance(it, Sealed)}
    coming = {name: data for name in logs if (data := store.get(f"{name}/{NEXT}")) is not None}
    findings += _not_theirs(coming, logs, pins)
    findings += _against_index(store, index, logs, coming.keys())
    return Inventory(
        index=index,
        pins=pins,
        logs=logs,
        extended=frozenset(coming),
        halves=frozenset(_folder(name) for name in names if half(name)),
        bundles=Counter(_folder(name) for name in names if f"/{_ENTRIES}/" in name),
        findings=tuple(findings),
    )


def left_over(store: Store, there: Inventory, large: AbstractSet[bytes]) -> Iterator[Finding]:
    """Files that belong to none of the logs. `large`: digests of the events that have a file of their own."""
    names = tuple(store.names())  # before what follows, which explains what an export has written since
    new = {name for name in (*there.index.logs, *_index_now(store).logs) if name not in there.logs}
    sizes = {name: it.checkpoint.size for name, it in there.logs.items()} | dict.fromkeys(new, 0)
    going_on = {*there.extended, *new, *(name for name, it in there.logs.items() if _goes_on(store, name, it))}
    yield from strangers(names, sizes, going_on)
    if going_on:
        return
    named = {large_name(it) for it in large}
    for name in names:
        if name.startswith(f"{LARGE}/") and name not in named:
            yield Finding(FindingKind.EXPORT, name, "no entry names this file")


def _index(store: Store) -> tuple[Index, list[Finding]]:
    try:
        return _read_index(store), []
    except BadIndex as error:
        return Index(), [Finding(FindingKind.EXPORT, INDEX, str(error))]


def _read_index(store: Store) -> Index:
    data = store.get(INDEX)
    if data is None:
        raise BadIndex("it is missing")
    return read_index(data)


def _index_now(store: Store) -> Index:
    """An export that goes on beside this has written it since. What is wrong with it is told already."""
    index, _ = _index(store)
    return index


def _said_pins(store: Store) -> tuple[Pins, list[Finding]]:
    try:
        return read_pins(store.get(PINS) or b""), []
    except BadIndex as error:
        return {}, [Finding(FindingKind.EXPORT, PINS, str(error))]


def _beside(store: Store, index: Index, said: Pins, own: Pins | None) -> Iterator[Finding]:
    if own is not None and any(own.get(signer, key) != key for signer, key in said.items()):
        yield Finding(FindingKind.EXPORT, PINS, "names another key than you have pinned")
    if sha256(store.get(SCHEMA) or b"") != sha256(schema_data()):
        yield Finding(FindingKind.EXPORT, SCHEMA, "missing, or not the schema the events are encoded in")
    for name, digests in index.files.items():
        if name not in {PINS, SCHEMA} or sha256(store.get(name) or b"") not in digests:
            yield Finding(FindingKind.EXPORT, name, "missing, or not the file that the index names")


def _folders(names: Iterable[str], index: Index, only: str | None) -> list[str]:
    """Of the logs that are looked at: those that are there, and those that should be."""
    there = {_folder(name) for name in names if name.endswith(f"/{CHECKPOINT}")}
    return [it for it in sorted(filter(is_folder, there | index.logs.keys())) if only in {None, it}]


def _sealed(store: Store, name: str, place: LogPlace | None, pins: Pins) -> Sealed | Finding | None:
    """The log's checkpoint, or what is wrong with it. None: it has none, and by the index no entries either."""
    data = store.get(f"{name}/{CHECKPOINT}")
    if data is None:
        if place is None or not place.size:
            return None
        return Finding(FindingKind.MISSING, f"{name}/{CHECKPOINT}", "the log's checkpoint is missing")
    try:
        return _opened(name, data, pins, place.origin if place else None)
    except BadNote as error:
        return Finding(FindingKind.CHECKPOINT, f"{name}/{CHECKPOINT}", str(error))


def _opened(name: str, data: bytes, pins: Pins, origin: str | None) -> Sealed:
    sealed = opened(data, pins, origin)
    if folder_of(sealed.checkpoint.origin) != name:
        raise BadNote("it is the checkpoint of another log than this folder is named for")
    return sealed


def _not_theirs(coming: Mapping[str, bytes], logs: Mapping[str, Sealed], pins: Pins) -> Iterator[Finding]:
    """Checkpoints that logs are being extended to, where they are not of these logs."""
    for name, data in coming.items():
        try:
            _opened(name, data, pins, logs[name].checkpoint.origin)
        except BadNote as error:
            yield Finding(FindingKind.CHECKPOINT, f"{name}/{NEXT}", str(error))


def _against_index(
    store: Store, index: Index, logs: Mapping[str, Sealed], extended: AbstractSet[str]
) -> Iterator[Finding]:
    for name, sealed in logs.items():
        place, size = index.logs.get(name), sealed.checkpoint.size
        least = 0 if name in extended else size
        if place is not None and place.size > size:
            text = f"the index says {place.size:,} entries, the checkpoint {size:,}: an older one was put back"
            yield Finding(FindingKind.TRUNCATED, name, text)
        elif not (_names(index, name, least) or _names(_index_now(store), name, least)):
            yield Finding(FindingKind.EXPORT, name, "the log is not the one that the index names")


def _names(index: Index, log: str, least: int) -> bool:
    place = index.logs.get(log)
    return place is not None and place.size >= least


def _goes_on(store: Store, name: str, sealed: Sealed) -> bool:
    """Whether an export extends the log, or has since its checkpoint was read."""
    coming = store.get(f"{name}/{NEXT}")
    return coming is not None or store.get(f"{name}/{CHECKPOINT}") != sealed.data


def _folder(name: str) -> str:
    return name.partition("/")[0]
