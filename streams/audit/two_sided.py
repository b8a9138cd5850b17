"""Vault's witness against ours: each use that Vault saw has an event that announced it within a minute. Pure.

Both sides come late and in any order. A use is judged when both have been read past the moment after which nothing
can change the verdict, so the same two histories give the same alerts however they arrive. The marks are the
caller's: up to which time each side has been read *completely*. An event's time is that before its commit: a
topic read to its end as it was at T is complete up to T minus the transaction timeout.

What an event announces any number of is kept as times that are covered; so memory is that of views and
checkpoints, one entry each, for two windows. Within a claim all windows have the same length, so giving each use,
in the order of time, the earliest event that is left explains as many as any other way would.

The other way round is no finding: what was announced and never done harms nobody. But where Vault's log has no
line of somebody who must have been there (`heard`), or nobody carries it over any more, a witness is silenced.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from schemas.alerts import Alert, Severity, alert_id
from schemas.audit import AuditEvent, EventType
from schemas.vault_log import KafkaDenied, Operation, Outcome, VaultUse
from streams.audit.announcements import ANY, SEALER, Announced, Claim, announced, at_home, checkpointed, claims
from streams.audit.covered import Covered
from streams.audit.guessing import Guessing
from streams.audit.heard import MINUTE_MS, Heard
from topology.identity import PLATFORM, Identity

WINDOW_MS = 60_000
"""DESIGN §11. It also takes up the difference between Vault's clock and the process's."""
UNANNOUNCED = "vault-use-unannounced"
DENIED = "vault-denied"
UNREADABLE = "vault-log-unreadable"
KAFKA_DENIED = "kafka-denied"
SILENT = "vault-log-silent"
GUESSED = "vault-logins-failed"
"""Too many at once, or over hours (`guessing`)."""
SHIPPER = Identity("shipper", PLATFORM).name
RULES = (UNANNOUNCED, DENIED, UNREADABLE, KAFKA_DENIED, SILENT, GUESSED)
"""The rule of every alert that comes of Vault's and Kafka's own logs."""
PLAYBOOK = "unannounced-use"
"""What to do about them, step by step: its file in `topology/playbooks`."""

REFUSAL = "refusal"
"""The target of a claim that explains a denied request."""
Left = list[int]
"""When an event was, and how many uses it still explains."""


@dataclass(slots=True)
class TwoSided:
    """What both sides have said and is not judged yet. Not thread-safe. All of it is plain, to be kept."""

    window_ms: int = WINDOW_MS
    uses: list[VaultUse] = field(default_factory=list)
    covered: defaultdict[Claim, Covered] = field(default_factory=lambda: defaultdict(Covered))
    left: defaultdict[Claim, list[Left]] = field(default_factory=lambda: defaultdict(list))
    raised: dict[str, int] = field(default_factory=dict)
    """Alerts of minutes that are not over yet: since when."""
    heard: Heard = field(init=False)
    matched: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    """Uses that were announced, by operation, and alerts, by rule; ever."""
    guessing: Guessing = field(default_factory=Guessing)

    def __post_init__(self) -> None:
        self.heard = Heard(self.window_ms)

    def announce(self, event: AuditEvent, project: str) -> None:
        """An event of `audit.<project>`."""
        for one in announced(event, project):
            self._stand_for(one, event.time)
        if event.type is EventType.ACCESS_DENIED:
            self._cover(_refusal(event.process), event.time)
        if event.type is EventType.PROCESS_STARTED and at_home(event.process, project):
            self.heard.expect(event.process, event.time)

    def checkpoint(self, time: int, *, made_now: bool = True) -> None:
        """A record on `checkpoints`. `made_now`: not where it is of an earlier name, as a restore writes them
        again: when that was signed its time doesn't tell, and this Vault's log may have no line of it.
        """
        self._stand_for(checkpointed(), time)
        if made_now:
            self.heard.expect(SEALER, time)

    def _stand_for(self, one: Announced, time: int) -> None:
        if one.each >= ANY:
            self._cover(one.claim, time)
        else:
            insort(self.left[one.claim], [time, one.each])

    def use(self, use: VaultUse) -> None:
        """A use of Vault."""
        if use.outcome is not Outcome.UNREADABLE:
            self.heard.line(use.identity, use.time)
        if use.outcome is Outcome.FAILED and use.operation not in (Operation.DECRYPT, Operation.LOGIN):
            return  # it gave nothing; of a batch that failed in one item, the others may have been opened
        self.uses.append(use)

    def denied(self, denied: KafkaDenied) -> list[Alert]:
        """A request that Kafka has refused: nothing on the audit explains one."""
        return list(self._once([_kafka_alert(denied)]))

    def not_shipped(self, since: int, at: int) -> list[Alert]:
        """Nobody has carried Vault's log over since then, and now it is `at`. Told once, until somebody does."""
        return list(self._once([_silent(SHIPPER, since, at)]))

    def judge(self, audit_mark: int, vault_mark: int) -> list[Alert]:
        """The alerts about all that can be judged now, oldest first: one for identity, operation, target, minute.

        `audit_mark`, `vault_mark`: milliseconds up to which that side was read completely.
        """
        until = min(audit_mark - self.window_ms, vault_mark)
        due = sorted((it for it in self.uses if it.time <= until), key=lambda it: (it.time, it.request_id))
        self.uses = [it for it in self.uses if it.time > until]
        found = [alert for use in due if (alert := self._judged(use)) is not None]
        found += [_silent(who, minute, minute + MINUTE_MS - 1) for who, minute in self.heard.missing(until)]
        raised = list(self._once(found))
        self._forget(until)
        return raised

    def _judged(self, use: VaultUse) -> Alert | None:
        if use.outcome is Outcome.UNREADABLE:
            return _alert(UNREADABLE, Severity.WARNING, use)
        if use.outcome is Outcome.FAILED and use.operation is Operation.LOGIN:
            return self._failed_login(use)
        if use.outcome is Outcome.DENIED:
            wanted: tuple[Claim, ...] = (_refusal(use.identity),)
            rule = DENIED
        else:
            wanted, rule = claims(use), UNANNOUNCED
        unmet = [claim for claim in wanted if not self._take(claim, use.time)]
        if not unmet:
            self.matched[use.operation.value] = self.matched.get(use.operation.value, 0) + 1
            return None
        critical = rule == UNANNOUNCED and use.operation is Operation.DECRYPT
        return _alert(rule, Severity.CRITICAL if critical else Severity.WARNING, use)

    def _failed_login(self, use: VaultUse) -> Alert | None:
        """An alert with the one that makes it too many; they are judged in the order of time."""
        since = self.guessing.failed(use.target, use.time)
        return _alert(GUESSED, Severity.WARNING, use, since) if since else None

    def _take(self, claim: Claim, time: int) -> bool:
        if claim in self.covered and self.covered[claim].holds(time):
            return True
        left = self.left.get(claim, [])
        at = bisect_left(left, [time - self.window_ms])
        if at == len(left) or left[at][0] > time + self.window_ms:
            return False
        left[at][1] -= 1
        if left[at][1] == 0:
            del left[at]
        return True

    def _cover(self, claim: Claim, time: int) -> None:
        self.covered[claim].add(time - self.window_ms, time + self.window_ms)

    def _forget(self, until: int) -> None:
        """What can explain no use after `until`, and alerts of minutes that are over."""
        for claim in list(self.covered):
            if not self.covered[claim].forget(until):
                del self.covered[claim]
        for claim, left in list(self.left.items()):
            del left[: bisect_left(left, [until - self.window_ms])]
            if not left:
                del self.left[claim]
        over = until - 2 * MINUTE_MS
        self.raised = {name: since for name, since in self.raised.items() if since > over}
        self.guessing.forget(until)

    def _once(self, found: Sequence[Alert]) -> Iterator[Alert]:
        for alert in found:
            if alert.alert_id not in self.raised:
                self.raised[alert.alert_id] = alert.since
                self.told[alert.rule] = self.told.get(alert.rule, 0) + 1
                yield alert


def _refusal(identity: str) -> Claim:
    return Claim(identity, Operation.OTHER, REFUSAL)


def _alert(rule: str, severity: Severity, use: VaultUse, since: int = 0) -> Alert:
    minute = since or use.time - use.time % MINUTE_MS
    subject = f"vault/{use.identity or 'unknown'}/{use.operation.value}/{use.target}"
    details = {
        "identity": use.identity,
        "operation": use.operation.value,
        "target": use.target,
        "document": use.document,
        "request": use.request_id,
        "playbook": PLAYBOOK,
    }
    details = {name: text for name, text in details.items() if text}
    return Alert(alert_id(rule, subject, minute), rule, severity, subject, minute, use.time, (), details)


def _kafka_alert(denied: KafkaDenied) -> Alert:
    minute = denied.time - denied.time % MINUTE_MS
    subject = f"kafka/{denied.identity}/{denied.operation.lower()}/{denied.resource.lower()}/{denied.name}"
    details = {
        "identity": denied.identity,
        "operation": denied.operation,
        "resource": denied.resource,
        "name": denied.name,
        "playbook": PLAYBOOK,
    }
    name = alert_id(KAFKA_DENIED, subject, minute)
    return Alert(name, KAFKA_DENIED, Severity.WARNING, subject, minute, denied.time, (), details)


def _silent(identity: str, since: int, at: int) -> Alert:
    subject = f"vault-log/{identity}"
    name = alert_id(SILENT, subject, since)
    details = {"identity": identity, "playbook": PLAYBOOK}
    return Alert(name, SILENT, Severity.CRITICAL, subject, since, at, (), details)
