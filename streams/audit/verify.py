"""Verifies an audit export (`export`) offline: checkpoints, trees, chains of all slots, reconciliation.

Whatever lies in the export is untrusted: every way it can be wrong is a finding, none an exception. Files are read
one by one; but for reconciliation, memory does not grow with the number of events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from schemas.errors import ChainBroken
from schemas.leaf import event_of
from streams.audit.beginnings import Beginnings
from streams.audit.chain import Chains, Pins
from streams.audit.entries import is_foreign, large_digest
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
    large_name,
    read_index,
    read_pins,
    schema_data,
    sha256,
)
from streams.audit.kept import against_kept, by_witnesses
from streams.audit.log_check import LogCheck
from streams.audit.note import BadNote, Verifier
from streams.audit.partials import differing
from streams.audit.recent import NOTHING, recent
from streams.audit.reconcile import Reconciler, Reconciliation
from streams.audit.sealed import Sealed, folder_of, is_folder, opened, place_of
from streams.audit.signed import Signed
from streams.audit.store import Store
from streams.audit.tiles import CHECKPOINT, WIDTH
from streams.audit.tree import MAX_SIZE
from topology.identity import PLATFORM

MAX_MISSING = 100_000
"""Bundles of a log, some 25 million entries. Up to this many each is looked for and named."""
_AUDIT = "audit."
_ENTRIES = "tile/entries"
_OURS = b"veilstream/"
"""What entries begin with that stand for something else; leaves begin with Avro's marker."""


class Depth(IntEnum):
    """How much is verified. Each includes those before it."""

    TREE = 1
    """Every byte against the signed roots. Memory is flat."""
    CHAINS = 2
    """Every event in the chain of its slot, signed by its process. Memory is flat."""
    WHOLE = 3
    """That all adds up. About 2.2 kB of memory a task."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the verifier brings. `pins`: public keys by signer; without them those in the export count.

    `kept`: checkpoints from an earlier look, or from a witness, as notes. `witnesses`: whose cosignature each
    checkpoint must bear.
    """

    pins: Pins | None = None
    kept: tuple[bytes, ...] = ()
    witnesses: tuple[Verifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What to look at. `log`: one log's folder; None: all. `first` ≤ n < `end`: entries of it, to depth TREE."""

    depth: Depth = Depth.WHOLE
    log: str | None = None
    first: int = 0
    end: int = MAX_SIZE

    @property
    def ranged(self) -> bool:
        """Whether entries are left out."""
        return (self.first, self.end) != (0, MAX_SIZE)


@dataclass(frozen=True, slots=True)
class Verification:
    """`logs`: the checkpoint of each log that is signed; `witnessed`: when (seconds) by which witness, by log;
    `reconciliations`: by project; `entries`: how many were read; `unfinished`: logs whose export was interrupted
    and goes on at the next one; `own_pins`: the pins came from the verifier, not from the export itself.
    `awaited`: what will be a finding in later states of these logs, unless events come that were on their way.
    `expired`: what can't be checked, since logs begin after their audit did.
    """

    findings: tuple[Finding, ...]
    awaited: tuple[Finding, ...]
    expired: tuple[Finding, ...]
    logs: Mapping[str, Sealed]
    witnessed: Mapping[str, Mapping[str, int]]
    reconciliations: Mapping[str, Reconciliation]
    entries: int
    unfinished: tuple[str, ...]
    own_pins: bool

    @property
    def holds(self) -> bool:
        """Nothing was found wrong."""
        return not self.findings


def verify_export(
    store: Store,
    trust: Trust | None = None,
    part: Part | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    now: int | None = None,
) -> Verification:
    """All that is wrong with an export. `progress` is told how many of how many entries were read.

    `now`: of who verifies, in milliseconds, where the logs go on after the export (see `recent`); None: they are
    over, and nothing is under way.
    """
    return _Verifier(store, trust or Trust(), part or Part(), progress, now).verified()


@dataclass(slots=True)
class _Verifier:
    store: Store
    trust: Trust
    part: Part
    progress: Callable[[int, int], None]
    now: int | None
    found: list[Finding] = field(default_factory=list)
    large: set[bytes] = field(default_factory=set)
    half: set[str] = field(default_factory=set)
    bundles: Counter[str] = field(default_factory=Counter)
    signed: Signed = field(default_factory=Signed)
    read: int = 0
    begin: dict[str, Beginnings] = field(default_factory=dict)
    """By project, or of the platform."""

    def verified(self) -> Verification:
        index = self._index()
        pins = self._pins(index)
        logs = self._logs(index, pins)
        unfinished = self._unfinished(logs, pins)
        self._check_index(index, logs, unfinished)
        chains, reconcilers = Chains(pins), self._reconcilers(logs)
        total = sum(max(0, min(it.checkpoint.size, self.part.end) - self.part.first) for it in logs.values())
        for name, sealed in logs.items():
            self._log(name, sealed, chains, reconcilers.get(name), total)
        lately = NOTHING if self.now is None else recent(chains.newest, self.now)
        self.found += chains.end(lately)
        self.found += against_kept(self.store, logs, self.trust.kept, pins, self.trust.witnesses, self.part.log)
        witnessed, problems = by_witnesses(logs, self.trust.witnesses)
        self.found += problems
        self._check_files(index, logs, unfinished)
        made = dict.fromkeys(reconcilers.values())
        results = {it.project: it.result(since=self._since(it), recent=lately) for it in made}
        expired = (note for begin in self.begin.values() for note in begin.notes({}))
        return Verification(
            findings=(*self.found, *(one for result in results.values() for one in result.findings)),
            awaited=(*chains.awaited(lately), *(one for result in results.values() for one in result.awaited)),
            expired=(*expired, *Beginnings().notes(chains.unproven())),
            logs=logs,
            witnessed=witnessed,
            reconciliations=results,
            entries=self.read,
            unfinished=tuple(sorted({*unfinished, *(logs.keys() & self.half)})),
            own_pins=self.trust.pins is not None,
        )

    def _since(self, reconciler: Reconciler) -> int:
        return self.begin[reconciler.project].since if reconciler.project in self.begin else 0

    def _beginnings(self, sealed: Sealed) -> Beginnings:
        """Of the project, or the platform, whose log it is."""
        place = place_of(sealed.checkpoint.origin)
        return self.begin.setdefault((place or ("", 0))[0].removeprefix(_AUDIT), Beginnings())

    def _log(self, name: str, sealed: Sealed, chains: Chains, reconciler: Reconciler | None, total: int) -> None:
        self._check_range(name, sealed.checkpoint.size)
        if self._is_out_of_reach(name, sealed.checkpoint.size):
            return

        def get(path: str) -> bytes | None:
            return self.store.get(f"{name}/{path}")

        check = LogCheck(name, sealed.checkpoint, get, self.part.first, self.part.end)
        begin = self._beginnings(sealed)
        for number, data in self._leaves(name, check, total):
            if self.part.depth < Depth.CHAINS or self.part.ranged:
                continue
            try:
                event = event_of(data)
            except ChainBroken as error:
                self._find(FindingKind.UNREADABLE, f"{name}#{number}", str(error))
                continue
            if number == 0 and event.sequence > 1:  # begun anew, when its audit had begun to expire
                begin.late(
                    name, f"it begins with event {event.sequence} of {event.slot}: what was before has expired"
                )
            begin.take(name, event.time)
            self.found += chains.add(event, data, late=begin.is_late(name))
            if reconciler is not None:
                for one in self.signed.by(event):
                    reconciler.add(one)
        self.found += check.findings
        if not self.part.ranged:
            self.found += differing(name, sealed.checkpoint.size, get, lambda folder: self._below(name, folder))

    def _below(self, log: str, folder: str) -> Iterator[str]:
        """The log's files below this folder of its own, by their paths from the log's folder on."""
        return (it.removeprefix(f"{log}/") for it in self.store.names(f"{log}/{folder}"))

    def _check_range(self, name: str, size: int) -> None:
        if self.part.ranged and (self.part.first >= size or size < self.part.end < MAX_SIZE):
            self._find(
                FindingKind.MISSING,
                f"{name}#{size}",
                "the log ends here, before the range that you asked for does",
            )

    def _is_out_of_reach(self, name: str, size: int) -> bool:
        """Whether so much is missing that to look for each piece could take for ever."""
        missing = size // WIDTH - self.bundles[name]
        if self.part.ranged or missing <= MAX_MISSING:
            return False
        self._find(
            FindingKind.MISSING, f"{name}/{_ENTRIES}", f"{missing:,} bundles are missing; none was looked at"
        )
        return True

    def _leaves(self, name: str, check: LogCheck, total: int) -> Iterator[tuple[int, bytes]]:
        """The leaves of a log; what stands for something else is looked up, or a finding."""
        for first, entries in check.bundles():
            self.read += len(entries)
            self.progress(self.read, total)
            for number, entry in enumerate(entries, first):
                data = self._leaf(f"{name}#{number}", entry) if entry.startswith(_OURS) else entry
                if data is not None:
                    yield number, data

    def _leaf(self, where: str, entry: bytes) -> bytes | None:
        if is_foreign(entry):
            self._find(FindingKind.FOREIGN, where, "what somebody wrote here is no audit event")
            return None
        digest = large_digest(entry)
        if digest is None:
            text = "this entry is neither an event nor what stands for one"
            self._find(FindingKind.UNREADABLE, where, text)
            return None
        self.large.add(digest)
        data = self.store.get(large_name(digest))
        if data is None or sha256(data) != digest.hex() or not entry.endswith(b"\n%d" % len(data)):
            self._find(FindingKind.LARGE, large_name(digest), f"the event at {where} is missing here, or another")
            return None
        return data

    def _reconcilers(self, logs: Mapping[str, Sealed]) -> dict[str, Reconciler]:
        """By log; the logs of one project have one."""
        if self.part.depth < Depth.WHOLE or self.part.ranged or self.part.log is not None:
            return {}
        places = {name: place_of(it.checkpoint.origin) for name, it in logs.items()}
        projects = {name: place[0].removeprefix(_AUDIT) for name, place in places.items() if place}
        made = {it: Reconciler(it) for it in sorted(set(projects.values()) - {PLATFORM})}
        return {name: made[project] for name, project in projects.items() if project in made}

    def _logs(self, index: Index, pins: Pins) -> dict[str, Sealed]:
        """Each log's checkpoint, where it is signed as it must be."""
        names = tuple(self.store.names())
        there = {name.partition("/")[0] for name in names if name.endswith(f"/{CHECKPOINT}")}
        self.bundles.update(name.partition("/")[0] for name in names if f"/{_ENTRIES}/" in name)
        self.half = {name.partition("/")[0] for name in names if half(name)}
        asked, before = self.part.log, len(self.found)
        found: dict[str, Sealed] = {}
        for name in sorted(filter(is_folder, there | index.logs.keys())):
            if asked not in {None, name}:
                continue
            data = self.store.get(f"{name}/{CHECKPOINT}")
            place = index.logs.get(name)
            if data is None:
                if place is not None and place.size:
                    self._find(FindingKind.MISSING, f"{name}/{CHECKPOINT}", "the log's checkpoint is missing")
                continue
            try:
                found[name] = _opened(name, data, pins, place.origin if place else None)
            except BadNote as error:
                self._find(FindingKind.CHECKPOINT, f"{name}/{CHECKPOINT}", str(error))
        if asked is not None and not found and len(self.found) == before:
            self._find(FindingKind.MISSING, asked, "the export has no such log, or nothing of it is sealed")
        return found

    def _unfinished(self, logs: Mapping[str, Sealed], pins: Pins) -> tuple[str, ...]:
        """The logs that an export is extending, or was when it ended."""
        coming = {name: self.store.get(f"{name}/{NEXT}") for name in logs}
        found = {name: data for name, data in coming.items() if data is not None}
        for name, data in found.items():
            try:
                _opened(name, data, pins, logs[name].checkpoint.origin)
            except BadNote as error:
                self._find(FindingKind.CHECKPOINT, f"{name}/{NEXT}", str(error))
        return tuple(sorted(found))

    def _index(self) -> Index:
        try:
            return self._read_index()
        except BadIndex as error:
            self._find(FindingKind.EXPORT, INDEX, str(error))
            return Index()

    def _read_index(self) -> Index:
        data = self.store.get(INDEX)
        if data is None:
            raise BadIndex("it is missing")
        return read_index(data)

    def _later_index(self) -> Index:
        """As it is now: an export that goes on beside this has written it since. What is wrong with it is told."""
        try:
            return self._read_index()
        except BadIndex:
            return Index()

    def _pins(self, index: Index) -> Pins:
        said: dict[str, bytes] = {}
        try:
            said = read_pins(self.store.get(PINS) or b"")
        except BadIndex as error:
            self._find(FindingKind.EXPORT, PINS, str(error))
        own = self.trust.pins
        if own is not None and any(own.get(signer, key) != key for signer, key in said.items()):
            self._find(FindingKind.EXPORT, PINS, "names another key than you have pinned")
        if sha256(self.store.get(SCHEMA) or b"") != sha256(schema_data()):
            self._find(FindingKind.EXPORT, SCHEMA, "missing, or not the schema the events are encoded in")
        for name, digests in index.files.items():
            if name not in {PINS, SCHEMA} or sha256(self.store.get(name) or b"") not in digests:
                self._find(FindingKind.EXPORT, name, "missing, or not the file that the index names")
        return said if own is None else own

    def _check_index(self, index: Index, logs: Mapping[str, Sealed], unfinished: tuple[str, ...]) -> None:
        for name, sealed in logs.items():
            place, size = index.logs.get(name), sealed.checkpoint.size
            least = 0 if name in unfinished else size
            if place is not None and place.size > size:
                text = f"the index says {place.size:,} entries, the checkpoint {size:,}: an older one was put back"
                self._find(FindingKind.TRUNCATED, name, text)
            elif not (_names(index, name, least) or _names(self._later_index(), name, least)):
                self._find(FindingKind.EXPORT, name, "the log is not the one that the index names")

    def _check_files(self, index: Index, logs: Mapping[str, Sealed], unfinished: tuple[str, ...]) -> None:
        if self.part.log is not None or self.part.ranged:
            return
        there = tuple(self.store.names())  # before what follows, which explains what an export has written since
        new = {name for name in (*index.logs, *self._later_index().logs) if name not in logs}
        sizes = {name: it.checkpoint.size for name, it in logs.items()} | dict.fromkeys(new, 0)
        going_on = {*unfinished, *new, *(name for name, it in logs.items() if self._goes_on(name, it))}
        self.found += strangers(there, sizes, going_on)
        if going_on:
            return
        named = {large_name(it) for it in self.large}
        for name in there:
            if name.startswith(f"{LARGE}/") and name not in named:
                self._find(FindingKind.EXPORT, name, "no entry names this file")

    def _goes_on(self, name: str, sealed: Sealed) -> bool:
        """Whether an export extends the log, or has since its checkpoint was read."""
        coming = self.store.get(f"{name}/{NEXT}")
        return coming is not None or self.store.get(f"{name}/{CHECKPOINT}") != sealed.data

    def _find(self, kind: FindingKind, where: str, text: str) -> None:
        self.found.append(Finding(kind, where, text))


def _names(index: Index, log: str, least: int) -> bool:
    place = index.logs.get(log)
    return place is not None and place.size >= least


def _opened(name: str, data: bytes, pins: Pins, origin: str | None) -> Sealed:
    sealed = opened(data, pins, origin)
    if folder_of(sealed.checkpoint.origin) != name:
        raise BadNote("it is the checkpoint of another log than this folder is named for")
    return sealed
