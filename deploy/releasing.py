"""What is in quarantine, and releasing one record of it by two people's signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import release_key, sign_release
from deploy.incidents import events_of
from deploy.persons import acting, load_declared, missing_roles, require_role
from schemas.audit import AuditEvent
from schemas.errors import ConfigError, Reason
from schemas.quarantine_release import RELEASABLE, QuarantineRelease, ReleaseReason
from streams.audit.quarantined import Held, held
from streams.engine.clock import SystemClock
from topology.control import ControlBook
from topology.project import Project
from topology.signed_policies import PolicyRecord

RELEASERS = ("operator", "approver")
"""One of each has to sign the same order, two different persons, as `flow.yaml` says."""
_REFERENCE = re.compile(r"(?:raw/)?(raw\.[a-z0-9-]+)/([0-9]{1,10})/([0-9]{1,19})(?:/([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in quarantine. `policy`: the version that put it there; 0 where nobody has signed such a one.

    `until`: its topic keeps it at least so long (milliseconds). `order`: the release that waits or is in force.
    """

    record: Held
    policy: int
    until: int
    order: QuarantineRelease | None = None
    signed_by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """How it is named on the command line."""
        raw = self.record.raw
        return f"{raw.topic}/{raw.partition}/{raw.offset}/{raw.revision}"

    @property
    def may_be_released(self) -> tuple[str, ...]:
        """For which reasons; none: whatever is mended, it stays what it is."""
        return tuple(sorted(reason.value for reason in _fitting(self.record.reason)))

    @property
    def state(self) -> str:
        """`held`; `unsigned` where another signature is missing; `ordered`, `copied`, `gone`, `overtaken`."""
        if self.record.ended:
            return self.record.ended
        if self.order is None:
            return "held"
        return "unsigned" if self.missing else "ordered"

    def as_json(self) -> dict[str, object]:
        """As `veil quarantine` prints it."""
        one = self.record
        return {
            "reference": self.reference,
            "reason": one.reason,
            "policy_version": self.policy,
            "policy": one.policy,
            "since": one.since,
            "until": self.until,
            "may_be_released": list(self.may_be_released),
            "state": self.state,
            "released_because": self.order.reason.value if self.order else "",
            "signed_by": list(self.signed_by),
            "missing": list(self.missing),
        }


def quarantine(root: Path, project: str) -> tuple[Entry, ...]:
    """What is held, the oldest first, and how releases of it stand: from the audit and `control` alone."""
    with compliance(root) as seen:
        events, now = events_of(seen, project), SystemClock().now()
        return entries(events, seen.book(), seen.topology.project(project), now)


def release(root: Path, project: str, person: str, reference: str, reason: ReleaseReason) -> Entry:
    """Put a person's signature on the release of a record. The second person gives the same reason.

    Raises ConfigError where it would come to nothing.
    """
    declared = load_declared(root)
    require_role(declared, project, person, RELEASERS, "release records from quarantine")
    with compliance(root) as seen:
        book = seen.book()
        found = entries(events_of(seen, project), book, declared.project(project), SystemClock().now())
        entry = _named(found, project, reference)
        order = _order(entry, book.policy_in_force(project), reason)
        signed = book.quarantine_releases(project).signers(order)
        if person in signed:
            raise ConfigError(f"{person} has signed this; missing: {', '.join(entry.missing)}")
        persons = declared.project(project).persons
        after = missing_roles(persons, (*signed, person), RELEASERS)
        if signed and after == missing_roles(persons, tuple(signed), RELEASERS):
            raise ConfigError(f"{person}'s signature adds nothing; missing: {', '.join(after)}")
        with acting(root, declared, project, person) as around:
            sign_release(around, order, book.next_version(release_key(around, order)))
        orders = seen.book().quarantine_releases(project)
        signed = orders.signers(order)
        lacking = () if order in orders.in_force else after
        return replace(entry, order=order, signed_by=tuple(sorted(signed)), missing=lacking)


def entries(events: Iterable[AuditEvent], book: ControlBook, project: Project, now: int) -> tuple[Entry, ...]:
    """What is held, with its releases. What its topic may have dropped by now is left out."""
    versions = {one.record.hash: one.record.version for one in book.policy_history(project.name)}
    kept = project.retention_ms["quarantine"]
    return tuple(
        _entry(one, versions.get(one.policy, 0), one.since + kept, book, project)
        for one in held(events)
        if one.since + kept > now
    )


def _entry(one: Held, policy: int, until: int, book: ControlBook, project: Project) -> Entry:
    orders = book.quarantine_releases(project.name)
    if in_force := orders.of(one.target):
        return Entry(one, policy, until, in_force[0], tuple(sorted(orders.signers(in_force[0]))))
    waiting = [order for order in orders.waiting() if order.target == one.target]
    if not waiting:
        return Entry(one, policy, until)
    signed = tuple(sorted(orders.signers(waiting[-1])))
    return Entry(one, policy, until, waiting[-1], signed, missing_roles(project.persons, signed, RELEASERS))


def _named(found: Iterable[Entry], project: str, reference: str) -> Entry:
    parts = _REFERENCE.fullmatch(reference)
    if parts is None or parts[1] != f"raw.{project}":
        raise ConfigError(f"a record is named raw.{project}/partition/offset; `veil quarantine list` shows which")
    for one in found:
        raw = one.record.raw
        if (raw.partition, raw.offset) == (int(parts[2]), int(parts[3])):
            if parts[4] and int(parts[4]) != raw.revision:
                raise ConfigError(f"{reference}: what is in quarantine is revision {raw.revision} by now")
            return one
    raise ConfigError(f"{reference} is not in quarantine (any more); `veil quarantine list` shows what is")


def _order(entry: Entry, ruling: PolicyRecord | None, reason: ReleaseReason) -> QuarantineRelease:
    """The order to sign. Raises ConfigError where it would change nothing."""
    record = entry.record
    if entry.order is not None and not entry.missing:
        raise ConfigError(f"{entry.reference} is released already ({entry.state}): a record comes back once")
    if reason not in _fitting(record.reason):
        may = ", ".join(entry.may_be_released) or "nothing: whatever is mended, it stays what it is"
        raise ConfigError(f"{entry.reference}: quarantined as {record.reason}; may be released as {may}")
    if ruling is None:
        raise ConfigError("no policy is in force, by which the record could be redacted")
    if reason is ReleaseReason.NEWER_POLICY and ruling.hash == record.policy:
        raise ConfigError(f"{entry.reference}: version {ruling.version} in force is what quarantined it")
    raw = record.raw
    return QuarantineRelease(raw.partition, raw.offset, raw.revision, ruling.version, reason)


def _fitting(reason: str) -> frozenset[ReleaseReason]:
    return RELEASABLE.get(Reason(reason), frozenset()) if reason in set(Reason) else frozenset()
