"""What the audit says of a project's keys, by whom it may be said. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.audit import AuditEvent, EventType
from schemas.details import number
from schemas.errors import Unparseable
from schemas.resources import raw_reference
from streams.audit.chain import Chains, Pins, owner_of
from topology.writers import is_by_its_writer
from vault.retirement import Sweep

RELEASED_TWICE = 2
"""The revision in quarantine of a record that may have been released before; or it was redacted again."""
_TELLING = frozenset({EventType.KEY_REWRAPPED, EventType.KEY_RETIRED, EventType.RELEASE_COPIED})


@dataclass(slots=True)
class Said:
    """What the audit says of keys: keeper's last pass of each, since when minimums are raised, and when a record
    that may have been released before was copied last (0: never).
    """

    sweeps: dict[str, Sweep] = field(default_factory=dict)
    retired: dict[tuple[str, int], int] = field(default_factory=dict)
    released_at: int = 0


def believed(events: Iterable[AuditEvent], pins: Pins) -> tuple[list[AuditEvent], frozenset[str]]:
    """The events about keys that are under their process's signature, and the processes whose chains don't hold.

    The beginning of an old slot's chain may have expired. What stands there before its next start proves nothing
    any more and is passed over, but for releases, which only ever hold a version back.
    """
    chains, found = Chains(pins), list[AuditEvent]()
    seen, cut, wrong = set[str](), set[str](), set[str]()
    for event in events:
        findings = chains.add(event)
        if event.slot not in seen and event.sequence > 1:
            cut.add(event.slot)
        elif event.slot in cut and event.type is EventType.PROCESS_STARTED and not findings:
            cut.remove(event.slot)
        elif findings and event.slot not in cut:
            wrong |= {event.process, owner_of(event.slot)}
        seen.add(event.slot)
        if event.type in _TELLING and (event.slot not in cut or event.type is EventType.RELEASE_COPIED):
            found.append(event)
    ended = {finding.where.rpartition("/")[0] for finding in chains.end()} - cut
    wrong |= {owner_of(slot) for slot in ended}
    return [event for event in found if event.process not in wrong], frozenset(wrong)


def said_by(events: Iterable[AuditEvent]) -> Said:
    """What these events say, each that of its writer."""
    said = Said()
    for event in events:
        if not is_by_its_writer(event):
            continue
        key, since, oldest = event.resource.partition("/")[2], number(event, "since"), number(event, "oldest")
        if event.type is EventType.KEY_REWRAPPED and since is not None and oldest is not None:
            said.sweeps[key] = Sweep(since, oldest)
        elif event.type is EventType.KEY_RETIRED and (minimum := number(event, "minimum")) is not None:
            said.retired[key, minimum] = event.time
        elif event.type is EventType.RELEASE_COPIED and _revision(event.resource) >= RELEASED_TWICE:
            said.released_at = max(said.released_at, event.time)
    return said


def _revision(resource: str) -> int:
    try:
        return raw_reference(resource).revision
    except Unparseable:
        return RELEASED_TWICE
