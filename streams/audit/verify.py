"""Verifies an audit export (`export`) offline: what it says of itself (`inventory`), trees, chains of all slots,
reconciliation.

Whatever lies in the export is untrusted: every way it can be wrong is a finding, none an exception. Files are read
one by one; but for reconciliation, memory does not grow with the number of events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import chain

from schemas.errors import ChainBroken
from schemas.leaf import event_of
from streams.audit.beginnings import Beginnings
from streams.audit.chain import Chains, Pins
from streams.audit.findings import Finding, FindingKind
from streams.audit.inventory import Inventory, inventory, left_over
from streams.audit.kept import against_kept, by_witnesses
from streams.audit.leaves import Leaves
from streams.audit.log_check import LogCheck
from streams.audit.note import Verifier
from streams.audit.partials import differing
from streams.audit.recent import NOTHING, Recent, recent
from streams.audit.reconcile import Reconciler, Reconciliation
from streams.audit.sealed import Sealed, place_of
from streams.audit.signed import Signed
from streams.audit.store import Store
from streams.audit.tree import MAX_SIZE
from topology.identity import PLATFORM

_AUDIT = "audit."


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

    @property
    def narrowed(self) -> bool:
        """Whether entries or logs are left out."""
        return self.ranged or self.log is not None


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
    trust, part = trust or Trust(), part or Part()
    there = inventory(store, trust.pins, part.log)
    check = _EntriesCheck(store, there, part, progress, Chains(there.pins), _reconcilers(there.logs, part))
    check.all()
    lately = NOTHING if now is None else recent(check.chains.newest, now)
    findings = [*there.findings, *check.findings, *check.chains.end(lately)]
    findings += against_kept(store, there.logs, trust.kept, there.pins, trust.witnesses, part.log)
    witnessed, unwitnessed = by_witnesses(there.logs, trust.witnesses)
    findings += unwitnessed
    if not part.narrowed:
        findings += left_over(store, there, check.leaves.large)
    results = check.results(lately)
    return Verification(
        findings=(*findings, *chain.from_iterable(it.findings for it in results.values())),
        awaited=(*check.chains.awaited(lately), *chain.from_iterable(it.awaited for it in results.values())),
        expired=check.expired(),
        logs=there.logs,
        witnessed=witnessed,
        reconciliations=results,
        entries=check.read,
        unfinished=there.unfinished,
        own_pins=trust.pins is not None,
    )


def _reconcilers(logs: Mapping[str, Sealed], part: Part) -> dict[str, Reconciler]:
    """By log; the logs of one project have one."""
    if part.depth < Depth.WHOLE or part.narrowed:
        return {}
    places = {name: place_of(it.checkpoint.origin) for name, it in logs.items()}
    projects = {name: place[0].removeprefix(_AUDIT) for name, place in places.items() if place}
    made = {it: Reconciler(it) for it in sorted(set(projects.values()) - {PLATFORM})}
    return {name: made[project] for name, project in projects.items() if project in made}


@dataclass(slots=True)
class _EntriesCheck:
    """The check of the entries of all logs. `findings` are of trees and chains, but for how chains end."""

    store: Store
    there: Inventory
    part: Part
    progress: Callable[[int, int], None]
    chains: Chains
    reconcilers: Mapping[str, Reconciler]
    findings: list[Finding] = field(default_factory=list)
    leaves: Leaves = field(init=False)
    signed: Signed = field(default_factory=Signed)
    read: int = 0
    begin: dict[str, Beginnings] = field(default_factory=dict)
    """By project, or of the platform."""

    def __post_init__(self) -> None:
        self.leaves = Leaves(self.store, self.findings.append)

    def all(self) -> None:
        """Read every log."""
        sizes = (it.checkpoint.size for it in self.there.logs.values())
        total = sum(max(0, min(size, self.part.end) - self.part.first) for size in sizes)
        for name, sealed in self.there.logs.items():
            self._log(name, sealed, total)

    def results(self, lately: Recent) -> dict[str, Reconciliation]:
        """By project, once all is read."""
        made = dict.fromkeys(self.reconcilers.values())
        return {it.project: it.result(since=self._since(it), recent=lately) for it in made}

    def expired(self) -> tuple[Finding, ...]:
        """What was not there to be checked."""
        notes = (note for begin in self.begin.values() for note in begin.notes({}))
        return (*notes, *Beginnings().notes(self.chains.unproven()))

    def _since(self, reconciler: Reconciler) -> int:
        return self.begin[reconciler.project].since if reconciler.project in self.begin else 0

    def _beginnings(self, sealed: Sealed) -> Beginnings:
        """Of the project, or the platform, whose log it is."""
        place = place_of(sealed.checkpoint.origin)
        return self.begin.setdefault((place or ("", 0))[0].removeprefix(_AUDIT), Beginnings())

    def _log(self, name: str, sealed: Sealed, total: int) -> None:
        size = sealed.checkpoint.size
        self._check_range(name, size)
        unread = None if self.part.ranged else self.there.out_of_reach(name)
        if unread is not None:
            self.findings.append(unread)
            return

        def get(path: str) -> bytes | None:
            return self.store.get(f"{name}/{path}")

        check = LogCheck(name, sealed.checkpoint, get, self.part.first, self.part.end)
        begin = self._beginnings(sealed)
        for first, entries in check.bundles():
            self.read += len(entries)
            self.progress(self.read, total)
            for number, data in self.leaves.of(name, first, entries):
                if self.part.depth >= Depth.CHAINS and not self.part.ranged:
                    self._event(name, number, data, begin)
        self.findings += check.findings
        if not self.part.ranged:
            self.findings += differing(name, size, get, lambda folder: self._below(name, folder))

    def _event(self, name: str, number: int, data: bytes, begin: Beginnings) -> None:
        try:
            event = event_of(data)
        except ChainBroken as error:
            self.findings.append(Finding(FindingKind.UNREADABLE, f"{name}#{number}", str(error)))
            return
        if number == 0 and event.sequence > 1:  # begun anew, when its audit had begun to expire
            begin.late(name, f"it begins with event {event.sequence} of {event.slot}: what was before has expired")
        begin.take(name, event.time)
        self.findings += self.chains.add(event, data, late=begin.is_late(name))
        if name in self.reconcilers:
            for one in self.signed.by(event):
                self.reconcilers[name].add(one)

    def _below(self, log: str, folder: str) -> Iterator[str]:
        """The log's files below this folder of its own, by their paths from the log's folder on."""
        return (it.removeprefix(f"{log}/") for it in self.store.names(f"{log}/{folder}"))

    def _check_range(self, name: str, size: int) -> None:
        if self.part.ranged and (self.part.first >= size or size < self.part.end < MAX_SIZE):
            text = "the log ends here, before the range that you asked for does"
            self.findings.append(Finding(FindingKind.MISSING, f"{name}#{size}", text))
