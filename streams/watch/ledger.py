"""What is counted of a window's events, by policy, and what has to be remembered beyond one: which bundle follows
which policy, and what gold says of leaks.

Takes the events of a window, in order. Pure: the same events give the same counts and leave the same memory.
Within a window redactions are taken first, since two machines' clocks may differ. How long something took is said
by the stage that ended it: a task takes no memory here, however many wait.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from schemas import durations
from schemas.audit import AuditEvent, EventType, RawOutcome
from schemas.errors import Reason
from schemas.metrics import Cell
from streams.watch.said import counts, number, ten_thousandths
from streams.watch.tally import Span, Tally
from streams.watch.windows import Timed
from topology.binomial import upper_bound

VIOLATIONS = frozenset({Reason.VERIFICATION_FAILED.value, Reason.RISK_TOO_HIGH.value})
PROJECT = ""
"""The policy of what belongs to no policy."""
_KEEPER = "keeper."
_SIMPLE = {
    EventType.TASK_VIEWED: Cell.VIEWS,
    EventType.TASK_RELEASED: Cell.RELEASES,
    EventType.TASK_SKIPPED: Cell.SKIPS,
    EventType.TASK_REPORTED: Cell.REPORTS,
    EventType.LEASE_EXPIRED: Cell.EXPIRIES,
    EventType.TASK_WITHDRAWN: Cell.WITHDRAWALS,
    EventType.FREEZE_ORDERED: Cell.FREEZES,
    EventType.RECORD_REFUSED: Cell.REFUSALS,
}
_OUTCOMES = {RawOutcome.TASK: Cell.TASKS, RawOutcome.DROPPED: Cell.DROPPED}


@dataclass(slots=True)
class Leaks:
    """Of one policy: values of gold and how many leaked since its last freeze was over; the version of its freeze,
    if any, and who has signed that it is over: it takes a second person.
    """

    values: int = 0
    leaked: int = 0
    frozen: int = 0
    signed_by: str = ""


@dataclass(slots=True)
class Ledger:
    """The memory of one project."""

    policies: dict[str, str] = field(default_factory=dict)
    """Hash of the policy by bundle."""
    names: dict[str, str] = field(default_factory=dict)
    """Name of a policy (`demo@3`) by hash."""
    leaks: dict[str, Leaks] = field(default_factory=dict)

    def count(self, events: Iterable[Timed]) -> Mapping[str, Tally]:
        """The tallies of a window's events, by policy."""
        tallies: defaultdict[str, Tally] = defaultdict(Tally)
        written = [it for it in events if counts(it.arrival.event)]
        for it in written:
            self._learn(it.arrival.event)
        for it in written:
            self._take(it.arrival.event, tallies)
        return tallies

    def bounds(self) -> Mapping[str, float]:
        """The live leak bound by policy, where anything was counted."""
        return {
            policy: upper_bound(it.leaked, it.values)
            for policy, it in sorted(self.leaks.items())
            if it.values > 0 and it.leaked <= it.values
        }

    def _learn(self, event: AuditEvent) -> None:
        if event.type is EventType.BUNDLE_ADOPTED:
            policy = event.resource.partition("/")[2]
            self.policies[event.bundle] = policy
            self.names[policy] = event.details.get("policy", "")
        elif event.type is EventType.BATCH_REDACTED and event.batch is not None:
            self.policies[event.bundle] = event.details.get("policy", PROJECT)

    def _take(self, event: AuditEvent, tallies: defaultdict[str, Tally]) -> None:
        tally = tallies[self._policy(event)]
        if event.type in _SIMPLE:
            tally.count(_SIMPLE[event.type])
        match event.type:
            case EventType.BATCH_REDACTED:
                _count_redacted(event, tally)
            case EventType.ACCESS_DENIED:
                tally.count(Cell.DENIALS, 1 + number(event, "suppressed"))
            case EventType.VERDICT_REACHED:
                _count_verdict(event, tally)
            case EventType.LABEL_SUBMITTED:
                tally.count(Cell.LABELS)
                tally.took(Span.TASK_TO_LABEL, _waited(event))
            case EventType.LABEL_JOINED:
                tally.count(Cell.JOINED)
                tally.took(Span.LABEL_TO_JOINED, _waited(event))
            case EventType.FREEZE_ORDERED | EventType.LIFT_ORDERED | EventType.GOLD_SCORED:
                self._weigh(event)
            case _:
                pass

    def _policy(self, event: AuditEvent) -> str:
        said = event.details.get("policy", PROJECT) if event.type is EventType.GOLD_SCORED else PROJECT
        return self.policies.get(event.bundle, said)

    def _weigh(self, event: AuditEvent) -> None:
        """What counts for the leak bound, and what begins it anew: as keeper does."""
        details = event.details
        match event.type:
            case EventType.GOLD_SCORED:
                leaks = self.leaks.setdefault(details.get("policy", ""), Leaks())
                leaks.values += number(event, "values")
                leaks.leaked += number(event, "leaked")
            case EventType.FREEZE_ORDERED if event.process.startswith(_KEEPER):
                leaks = self.leaks.setdefault(details.get("hash", ""), Leaks())
                if (version := number(event, "version")) > leaks.frozen:
                    leaks.frozen, leaks.signed_by = version, ""
            case EventType.LIFT_ORDERED if details.get("of", "").startswith(_KEEPER):
                for policy, leaks in self.leaks.items():
                    if 0 < leaks.frozen <= number(event, "version"):
                        over = leaks.signed_by not in ("", event.person)
                        self.leaks[policy] = Leaks() if over else replace(leaks, signed_by=event.person)
            case _:
                pass


def _count_redacted(event: AuditEvent, tally: Tally) -> None:
    for one in event.batch.outcomes if event.batch else ():
        if one.outcome is RawOutcome.QUARANTINED:
            tally.count(Cell.VIOLATIONS if one.reason in VIOLATIONS else Cell.QUARANTINED)
        elif one.outcome in _OUTCOMES:
            tally.count(_OUTCOMES[one.outcome])
    fields, characters = number(event, "fields"), number(event, "characters")
    fields_redacted, redacted = number(event, "fields_redacted"), number(event, "characters_redacted")
    tally.count(Cell.FIELDS_REDACTED, fields_redacted)
    tally.count(Cell.FIELDS_UNTOUCHED, max(0, fields - fields_redacted))
    tally.count(Cell.CHARACTERS_REDACTED, redacted)
    tally.count(Cell.CHARACTERS_UNTOUCHED, max(0, characters - redacted))
    tally.took(Span.RAW_TO_TASK, _waited(event))


def _count_verdict(event: AuditEvent, tally: Tally) -> None:
    tally.count(Cell.VERDICTS)
    agreement = ten_thousandths(event, "agreement")
    if agreement is not None:
        tally.agree(agreement)


def _waited(event: AuditEvent) -> Mapping[int, int]:
    return durations.read(event.details.get("waited", ""))
