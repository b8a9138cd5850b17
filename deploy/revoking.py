"""Shutting somebody out of a project, and letting them in again: ordered by persons, told by `control`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import order_revocation, revocation_key, sign_reinstatement
from deploy.persons import acting, load_declared, missing_roles, require_role
from schemas.control import ControlKind, RevocationReason
from schemas.errors import ConfigError
from topology.control import ControlBook
from topology.loading import Topology
from topology.project import Persons

REINSTATERS = ("operator", "approver")
"""One of each has to sign, two different persons, as `flow.yaml` says. Each of them alone may revoke."""


@dataclass(frozen=True, slots=True)
class Shut:
    """How somebody stands after an order. `by`: whose revocations hold, none: they may enter again; `missing`: who
    has yet to sign that they may. `elsewhere`: the other projects that name them, where what they log in with ends
    as well; `still`: those of them that revoke them, too.
    """

    key: str
    by: tuple[str, ...]
    signed_by: tuple[str, ...]
    missing: tuple[str, ...]
    elsewhere: tuple[str, ...]
    still: tuple[str, ...]


def revoke(root: Path, project: str, person: str, who: str, reason: RevocationReason) -> Shut:
    """Shut `who`, a person or an app that the project names, out of it. Raises ConfigError."""
    declared = load_declared(root)
    require_role(declared, project, person, REINSTATERS, "revoke people")
    persons = declared.project(project).persons
    _require_named(persons, who, project)
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        key = revocation_key(around, ControlKind.REVOKE, who)
        lowest = max(book.next_version(key), book.revocations(project).next_version(who))
        return _shut(order_revocation(around, who, reason, lowest), seen.book(), declared, project, who)


def reinstate(root: Path, project: str, person: str, who: str) -> Shut:
    """Put the person's signature on that every revocation of `who` which holds now is over. Raises ConfigError
    where nobody has revoked them.
    """
    declared = load_declared(root)
    require_role(declared, project, person, REINSTATERS, "let revoked people in again")
    if person == who:
        raise ConfigError(f"{person} is revoked; nobody lets themselves in again")
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        holding: Mapping[str, int] = book.revocations(project).by(who)
        if not holding:
            raise ConfigError(f"{who} is not revoked in {project}")
        lowest = book.next_version(revocation_key(around, ControlKind.REINSTATE, who))
        key = sign_reinstatement(around, who, max(holding.values()), lowest)
        return _shut(key, seen.book(), declared, project, who)


def _shut(key: str, book: ControlBook, declared: Topology, project: str, who: str) -> Shut:
    found = book.revocations(project)
    by, signed_by = tuple(found.by(who)), tuple(sorted(found.signers(who)))
    persons = declared.project(project).persons
    missing = missing_roles(persons, signed_by, REINSTATERS, without=who) if by else ()
    others = [one for one in sorted(declared.projects.values(), key=lambda one: one.name) if one.name != project]
    elsewhere = tuple(one.name for one in others if who in one.persons.everybody)
    still = tuple(one.name for one in others if book.revoked(one.name, who))
    return Shut(key, by, signed_by, missing, elsewhere, still)


def _require_named(persons: Persons, who: str, project: str) -> None:
    """A slip of the keyboard must not look as if somebody was shut out."""
    if not persons.duties(who):
        raise ConfigError(f"{project} names nobody called {who}, so they may do nothing in it already")
