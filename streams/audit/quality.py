"""What gold has shown, from the audit alone: the live leak bound of each policy, and who is paused.

Keeper counts the same from `scores.P`; here nobody has to be believed but the log. As with keeper, a policy whose
freeze two people have signed to be over (`freeze.ordered`, `lift.ordered`) is counted anew from there, and no
other is; whether these two may end it together the audit doesn't know, `control` does. What another role says of
these things counts for nothing; reconciliation finds it. Slots are put in order by time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from schemas.audit import AuditEvent, EventType
from schemas.details import number
from topology.binomial import upper_bound
from topology.writers import is_by_its_writer

KEEPER = "keeper."
"""Whose freezes are about the leak bound."""
SIGNERS = 2
"""Of a lift."""
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted under one policy. `leaked` of `values` have a character that was shown."""

    records: int = 0
    values: int = 0
    leaked: int = 0
    characters: int = 0
    leaked_characters: int = 0
    questions: int = 0
    matched: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, it.name) + getattr(other, it.name) for it in fields(self)))

    @property
    def bound(self) -> float:
        """What the share of leaked values does not exceed, with 95 % confidence; 1 where nothing was counted."""
        return upper_bound(self.leaked, self.values)


@dataclass(frozen=True, slots=True)
class Pause:
    """Who gets no tasks, since when, and the answers on gold it rests on."""

    person: str
    since: int
    answered: int
    matched: int


@dataclass(frozen=True, slots=True)
class Quality:
    """By policy hash what was counted since its last freeze was over, and in all; who is paused, by name."""

    counts: Mapping[str, Counts]
    total: Mapping[str, Counts]
    published: int
    paused: tuple[Pause, ...]


@dataclass(slots=True)
class QualityReader:
    """Takes events in any order between slots. Memory: about 200 bytes a record of gold."""

    _scores: list[tuple[int, str, Counts]] = field(default_factory=list)
    _freezes: list[tuple[int, int, str]] = field(default_factory=list)
    """Time, version and policy hash of each."""
    _lifts: list[tuple[int, int, str]] = field(default_factory=list)
    """Time of each, up to which version of a freeze it goes, and who signed it."""
    _published: int = 0
    _latest: dict[str, tuple[int, int, Pause | None]] = field(default_factory=dict)

    def add(self, event: AuditEvent) -> None:
        """Take the next event."""
        if not is_by_its_writer(event):
            return
        match event.type:
            case EventType.GOLD_SCORED:
                self._scores.append((event.time, event.details.get("policy", ""), _counts(event)))
            case EventType.GOLD_PUBLISHED:
                self._published += number(event, "records", _DIGITS) or 0
            case EventType.FREEZE_ORDERED if event.process.startswith(KEEPER):
                self._freezes.append((event.time, (number(event, "version") or 0), event.details.get("hash", "")))
            case EventType.LIFT_ORDERED if event.details.get("of", "").startswith(KEEPER):
                self._lifts.append((event.time, (number(event, "version") or 0), event.person))
            case EventType.PERSON_PAUSED | EventType.PERSON_RESUMED:
                self._stand(event)
            case _:
                pass

    def result(self) -> Quality:
        """What all events together say."""
        total: dict[str, Counts] = {}
        since: dict[str, Counts] = {}
        begun = self._begun()
        for time, policy, counts in self._scores:
            total[policy] = total.get(policy, Counts()) + counts
            counted = counts if time > begun.get(policy, -1) else Counts()
            since[policy] = since.get(policy, Counts()) + counted
        pauses = (pause for _, _, pause in self._latest.values())
        paused = sorted((it for it in pauses if it is not None), key=lambda it: it.person)
        return Quality(since, total, self._published, tuple(paused))

    def _begun(self) -> Mapping[str, int]:
        """When each policy's evidence began anew. A freeze ends once, when a second person has signed as far."""
        begun: dict[str, int] = {}
        for frozen_at, version, policy in self._freezes:
            signed: dict[str, int] = {}
            for time, up_to, person in sorted(self._lifts):
                if up_to >= version:
                    signed.setdefault(person, time)
            if len(signed) >= SIGNERS:
                begun[policy] = max(begun.get(policy, -1), frozen_at, sorted(signed.values())[SIGNERS - 1])
        return begun

    def _stand(self, event: AuditEvent) -> None:
        """Decide alone writes these, in one slot: its numbers tell the later one."""
        pause = Pause(
            event.person,
            event.time,
            _count(event, "answered"),
            _count(event, "matched"),
        )
        known = self._latest.get(event.person, (-1, -1, None))
        if (event.epoch, event.sequence) > known[:2]:
            standing = pause if event.type is EventType.PERSON_PAUSED else None
            self._latest[event.person] = event.epoch, event.sequence, standing


def quality(events: Iterable[AuditEvent]) -> Quality:
    """The quality that a project's whole log shows."""
    reader = QualityReader()
    for event in events:
        reader.add(event)
    return reader.result()


def _counts(event: AuditEvent) -> Counts:
    names = [it.name for it in fields(Counts) if it.name != "records"]
    return Counts(1, *(_count(event, name) for name in names))


def _count(event: AuditEvent, name: str) -> int:
    return number(event, name, _DIGITS) or 0
