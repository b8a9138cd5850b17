"""Ordering that raw records are redacted once more, and how far such orders have come."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import reredaction_key, sign_reredaction
from deploy.persons import acting, load_declared, missing_roles, require_role
from schemas.audit import AuditEvent
from schemas.errors import ConfigError
from schemas.reredaction import Reredaction
from streams.audit.reredactions import Carried, carried
from topology.control import ControlBook
from topology.project import Persons

REREDACTERS = ("operator", "approver")
"""One of each has to sign the same order, two different persons, as `flow.yaml` says."""
_AGO = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class Progress:
    """An order: who has signed it, and who has yet to; once replay has taken it up, how far it has come."""

    order: Reredaction
    signed_by: tuple[str, ...]
    missing: tuple[str, ...]
    carried: Carried | None = None

    @property
    def state(self) -> str:
        """`unsigned`, `ordered`, `begun`, `copied`, `done`."""
        if self.missing:
            return "unsigned"
        if self.carried is None:
            return "ordered"
        if not self.carried.ended:
            return "begun"
        return "done" if self.carried.done else "copied"

    def as_json(self) -> dict[str, object]:
        """As `veil contain` prints it."""
        one, found = self.order, self.carried
        return {
            "number": one.number,
            "policy_version": one.policy,
            "since": one.since,
            "state": self.state,
            "signed_by": list(self.signed_by),
            "missing": list(self.missing),
            "redacted": found.redacted if found else 0,
            "copied": found.copied if found else 0,
            "gone": found.missed if found else 0,
        }


def propose(root: Path, project: str, person: str, policy: int, ago: str | None) -> Progress:
    """Sign a new order: by a policy of this version or later, what arrived since so long ago (`6h`); None: all.

    Raises ConfigError where no such policy is in force.
    """
    declared = load_declared(root)
    require_role(declared, project, person, REREDACTERS, "order that records are redacted again")
    persons = declared.project(project).persons
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        _require_policy(book, project, policy)
        since = around.clock.now() - milliseconds(ago) if ago else 0
        order = Reredaction(book.reredactions(project).next_number(), policy, since)
        sign_reredaction(around, order, book.next_version(reredaction_key(around)))
        return _standing(seen.book(), project, persons, order)


def second(root: Path, project: str, person: str, wanted: int) -> Progress:
    """Put another person's signature on an order that waits for it. Raises ConfigError."""
    declared = load_declared(root)
    require_role(declared, project, person, REREDACTERS, "order that records are redacted again")
    persons = declared.project(project).persons
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        order = _waiting(book, project, wanted)
        before = _standing(book, project, persons, order)
        if missing_roles(persons, (*before.signed_by, person), REREDACTERS) == before.missing:
            raise ConfigError(f"{person}'s signature adds nothing; missing: {', '.join(before.missing)}")
        sign_reredaction(around, order, book.next_version(reredaction_key(around)))
        return _standing(seen.book(), project, persons, order)


def progress(
    book: ControlBook, project: str, persons: Persons, events: Iterable[AuditEvent]
) -> tuple[Progress, ...]:
    """Of every order, by number."""
    orders, found = book.reredactions(project), carried(events)
    every = sorted((*orders.waiting(), *orders.in_force))
    return tuple(_standing(book, project, persons, one, found.get(one.number)) for one in every)


def milliseconds(ago: str) -> int:
    """`90m`, `6h` or `2d`. Raises ConfigError."""
    found = _AGO.fullmatch(ago)
    if found is None:
        raise ConfigError(f"{ago} is no time: say how long ago in minutes, hours or days, such as 90m, 6h, 2d")
    return int(found[1]) * _UNIT_MS[found[2]]


def _require_policy(book: ControlBook, project: str, version: int) -> None:
    in_force = book.policy_in_force(project)
    if in_force is None or in_force.version < version:
        now = f"version {in_force.version}" if in_force else "none"
        raise ConfigError(f"{project} has no policy of version {version}: in force is {now}; publish it first")


def _waiting(book: ControlBook, project: str, wanted: int) -> Reredaction:
    found = [order for order in book.reredactions(project).waiting() if order.number == wanted]
    if len(found) > 1:
        raise ConfigError(f"{project} has {len(found)} different orders {wanted}: sign none, propose a new one")
    if not found:
        others = ", ".join(str(order.number) for order in book.reredactions(project).waiting()) or "none"
        raise ConfigError(f"no order {wanted} of {project} waits for a signature; waiting: {others}")
    return found[0]


def _standing(
    book: ControlBook, project: str, persons: Persons, order: Reredaction, found: Carried | None = None
) -> Progress:
    orders = book.reredactions(project)
    signed_by = tuple(sorted(orders.signers(order)))
    if order in orders.in_force:
        return Progress(order, signed_by, (), found)
    return Progress(order, signed_by, missing_roles(persons, signed_by, REREDACTERS))
