"""Erasing a subject by two people's signatures, and how that stands (topology/decisions/0012).

Who the subject is is asked for, hashed and forgotten: it is in no order, event, file or message. The key of the
hash opens by password and a fresh code alone, and for nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from deploy.acting import act
from deploy.compliance import Compliance, audit_topic, compliance
from deploy.control_orders import control_record
from deploy.granting import Ask
from deploy.incidents import events_of
from deploy.persons import acting, load_declared, missing_roles, require_role
from deploy.subjects import ERASERS, Subject, hashed, require_subject
from deploy.surroundings import CONTROL, Surroundings
from schemas.audit import Event, EventType
from schemas.control import ControlKind
from schemas.erasure import ErasureReason, erased_subject, erasure_body, erasure_concern, erasure_key
from schemas.errors import ConfigError, Undecodable
from schemas.records import ControlState
from schemas.resources import control_resource
from streams.audit.erasure_report import (
    REPORT,
    SIGNATURE,
    Told,
    check_report,
    orders_in,
    report_file,
    report_message,
)
from streams.audit.erasures import Erasure, Erasures
from streams.audit.open_tasks import open_tasks
from streams.audit.reader import Reader, follow_events
from streams.audit.remains import remains
from streams.audit.store import Directory
from streams.engine.messages import Message, Outgoing
from topology.control import Applied, ControlBook
from topology.erasures import Erasures as Signed
from topology.policies import load_policy_bytes

LEAST_PREFIX = 8
REAPPLIED = "reapplied"
"""As the reason of `erasure.ordered`: who says so has put the orders of others back."""
EVENTS_AT_ONCE, LOOK_S = 500, 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How an erasure stands. `signed_by` what `control` has; `missing`: roles whose signature is, with who may."""

    erasure: Erasure
    signed_by: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def state(self) -> str:
        """`unsigned`, `working`, `acknowledging` (out of Vault; somebody has not let go), or `over`."""
        if self.missing:
            return "unsigned"
        if self.erasure.is_over:
            return "over"
        return "acknowledging" if self.erasure.erased else "working"

    def as_json(self) -> dict[str, object]:
        """As `veil subject erasures` prints it."""
        one = self.erasure
        return {
            "subject": one.subject,
            "state": self.state,
            "signed_by": list(self.signed_by),
            "missing": list(self.missing),
            "tasks": len(one.tasks),
            "out": sum(task.out > 0 for task in one.tasks),
            "erased": one.erased,
            "unsettled": one.unsettled,
            "waiting": list(one.waiting),
        }


def erase(root: Path, project: str, person: str, subject: Subject, reason: ErasureReason, ask: Ask) -> Standing:
    """Put a person's signature on the erasure of a subject. May be repeated: then it changes nothing.

    Raises ConfigError, VaultUnavailable, and as `act`.
    """
    declared = load_declared(root)
    require_role(declared, project, person, ERASERS, "erase a subject")
    require_subject(subject)
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        digest = hashed(around, subject, ask)
        _sign(around, seen.book(), digest, reason)
        return _stands(seen, project, digest)


def standings(root: Path, project: str) -> tuple[Standing, ...]:
    """All erasures of a project, those that wait for a signature first. Raises ConfigError, LogUnavailable."""
    with compliance(root) as seen:
        seen.topology.project(project)
        book = seen.book().erasures(project)
        with closing(Progress(seen, project)) as progress:
            found = progress.now()
        return tuple(standing_of(seen, project, book, found, one) for one in (*book.waiting(), *book.in_force))


def watched(root: Path, project: str, name: str, limit_s: float) -> Iterator[Standing]:
    """How an erasure stands, again whenever something has changed, until it is over or the time is.

    Raises ConfigError for a name that is none, LogUnavailable.
    """
    with compliance(root) as seen, closing(Progress(seen, project)) as progress:
        subject, until, last = _found(seen, project, name), time.monotonic() + limit_s, None
        book = seen.book().erasures(
            project
        )  # once: what is signed by enough stays so, and nothing less is watched
        while True:
            now = standing_of(seen, project, book, progress.now(), subject)
            if now != last:
                yield now
                last = now
            if now.state in {"over", "unsigned"} or time.monotonic() >= until:
                return


def certify(root: Path, project: str, person: str, name: str, folder: Path) -> Standing:
    """Write the report of an erasure that is over, signed by a person, into a new folder.

    Raises ConfigError where it is not over, or the folder is there.
    """
    declared = load_declared(root)
    require_role(declared, project, person, ERASERS, "sign reports of erasures")
    if folder.exists():
        raise ConfigError(f"{folder} is there already; a report goes into a folder of its own")
    with compliance(root) as seen:
        subject = _found(seen, project, name)
        stands = _stands(seen, project, subject)
        if stands.state != "over":
            lacking = ", ".join(stands.missing or stands.erasure.waiting) or f"keeper.{project}"
            raise ConfigError(f"the erasure {subject[:12]} is not over; it waits for {lacking}")
        with acting(root, declared, project, person) as around:
            told = Told(
                project=project,
                person=person,
                made_at=around.clock.now(),
                erasure=stands.erasure,
                orders=_orders(seen, project, subject),
                remains=remains(declared, project, stands.erasure.erased),
                blind=_blind(seen, project),
            )
            data = report_file(told)
            store = Directory(folder)
            store.put(SIGNATURE, around.sign(report_message(data)).hex().encode() + b"\n")
            store.put(REPORT, data)
    return stands


def reapply(root: Path, project: str, person: str, folder: Path) -> tuple[str, ...]:
    """Put the signed orders of a report on `control` once more, as they are: one restored from an older backup may
    lack them. Where they are there nothing changes. Their keys.

    Raises ConfigError for a report that does not hold, or is of another project; and as `act`.
    """
    declared = load_declared(root)
    require_role(declared, project, person, ERASERS, "put orders back")
    store, pins = Directory(folder), declared.pins.keys
    checked = check_report(store, pins)
    if not checked.holds or checked.project != project:
        why = str(checked.findings[0]) if checked.findings else f"it is of {checked.project}"
        raise ConfigError(f"{folder} is no report whose orders could be put back in {project}: {why}")
    states = orders_in(store, pins)
    with acting(root, declared, project, person) as around:
        records = [Outgoing(CONTROL, state.key.encode(), around.codec.encode(state)) for state in states]
        concern = control_resource(erasure_concern(project, checked.subject))
        act(around, records, [Event(EventType.ERASURE_ORDERED, concern, person=person, reason=REAPPLIED)])
    return tuple(state.key for state in states)


class Progress:
    """What the audit of a project says of erasures, read on as it grows."""

    def __init__(self, seen: Compliance, project: str) -> None:
        self._erasures = Erasures(project)
        self._reader = Reader(seen.codec)
        self._follower = seen.log.follow([audit_topic(project)])

    def now(self) -> Erasures:
        """All up to the end as of now, and what comes within a second. Raises LogUnavailable."""
        ends = self._follower.ends()
        while True:
            for event in follow_events(self._follower, self._reader, EVENTS_AT_ONCE, LOOK_S):
                self._erasures.add(event)
            if self._follower.passed(ends):
                return self._erasures

    def close(self) -> None:
        """Stop reading."""
        self._follower.close()


def _sign(around: Surroundings, book: ControlBook, subject: str, reason: ErasureReason) -> None:
    signer = around.identity.signer
    key = erasure_key(around.project, subject, signer)
    event = Event(EventType.ERASURE_ORDERED, control_resource(key), person=signer, reason=reason.value)
    lowest = book.next_version(key)
    act(around, [control_record(around, key, ControlKind.ERASE, erasure_body(reason), lowest)], [event])


def _stands(seen: Compliance, project: str, subject: str) -> Standing:
    with closing(Progress(seen, project)) as progress:
        return standing_of(seen, project, seen.book().erasures(project), progress.now(), subject)


def standing_of(seen: Compliance, project: str, book: Signed, found: Erasures, subject: str) -> Standing:
    """How the erasure of a subject stands by what `control` and the audit say, of anybody."""
    signed = tuple(sorted(book.signers(subject)))
    persons = seen.topology.project(project).persons
    missing = () if subject in book.in_force else missing_roles(persons, signed, ERASERS)
    return Standing(found.find(subject), signed, missing)


def _found(seen: Compliance, project: str, name: str) -> str:
    """The erasure whose subject hash begins so. Raises ConfigError."""
    seen.topology.project(project)
    book = seen.book().erasures(project)
    every = (*book.waiting(), *book.in_force)
    found = [one for one in every if len(name) >= LEAST_PREFIX and one.startswith(name)]
    if len(found) != 1:
        raise ConfigError(
            f"{project} has {len(found) or 'no'} erasures whose hash begins so; `veil subject erasures` shows all,"
            f" give {LEAST_PREFIX} digits or more"
        )
    return found[0]


def _orders(seen: Compliance, project: str, subject: str) -> tuple[ControlState, ...]:
    """The signed records that count for it, as they are on `control`."""
    book = ControlBook(seen.topology.flow, seen.topology.pins, seen.topology.projects)
    found: dict[str, ControlState] = {}
    for message in seen.log.read(CONTROL):
        state = _state(seen, message)
        key = (message.key or b"").decode("utf-8", "replace")
        if isinstance(book.apply(key, state), Applied) and state and erased_subject(key, project) == subject:
            found.setdefault(key, state)
    return tuple(found.values())


def _state(seen: Compliance, message: Message) -> ControlState | None:
    try:
        return None if message.value is None else seen.codec.decode(message.value, ControlState)
    except Undecodable:
        return None


def _blind(seen: Compliance, project: str) -> tuple[str, ...]:
    """The policies by which tasks that are still open were made, and which name no subject."""
    book = seen.book()
    used = (book.policy(project, one) for one in sorted(set(open_tasks(events_of(seen, project)).values())))
    policies = [load_policy_bytes(record.body) for record in used if record is not None]
    return tuple(sorted(policy.id for policy in policies if not policy.subject))
