"""Stopping stages from releasing, and letting them go on: ordered by persons, told by what `control` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import freeze_key, lift_key, order_freeze, sign_lift
from deploy.persons import acting, load_declared, missing_roles, require_role
from schemas.control import Freezable, FreezeReason
from schemas.errors import ConfigError
from topology.control import ControlBook
from topology.project import Persons

FREEZERS = ("operator", "approver")
"""Each of them alone may freeze; one of each, two different persons, let go on, as `flow.yaml` says."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze that holds. `missing`: who has yet to sign that it is over."""

    stages: frozenset[str]
    reason: str
    signed_by: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frost:
    """How a project stands after orders: their keys on `control`, and what is frozen, by who froze it."""

    keys: tuple[str, ...]
    frozen: Mapping[str, Frozen]


def freeze(root: Path, project: str, person: str, stages: Sequence[Freezable], reason: FreezeReason) -> Frost:
    """Stop these stages, besides those that are stopped. Raises ConfigError."""
    declared = load_declared(root)
    require_role(declared, project, person, FREEZERS, "freeze")
    persons = declared.project(project).persons
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        version = max(book.next_version(freeze_key(around)), book.lifted(project, person) + 1)
        key = order_freeze(around, stages, reason, version)
        return Frost((key,), frozen(seen.book(), project, persons))


def resume(root: Path, project: str, person: str, of: str | None = None) -> Frost:
    """Put the person's signature on that every freeze which holds now is over, or that of `of` alone: a person, or
    the role of a process.

    Raises ConfigError where that freezes nothing, or where the signature would add nothing.
    """
    declared = load_declared(root)
    require_role(declared, project, person, FREEZERS, "resume")
    persons = declared.project(project).persons
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        keys = []
        for signer in _to_sign(book, project, persons, person, of):
            lowest = book.next_version(lift_key(around, signer))
            keys.append(sign_lift(around, signer, book.frozen(project).version(signer), lowest))
        return Frost(tuple(keys), frozen(seen.book(), project, persons))


def frozen(book: ControlBook, project: str, persons: Persons) -> Mapping[str, Frozen]:
    """What is frozen now, and who has yet to sign that it is over."""
    found = {}
    for who, one in book.freezes(project).items():
        signed_by = tuple(sorted(book.frozen(project).signers(who)))
        missing = missing_roles(persons, signed_by, FREEZERS)
        found[who] = Frozen(one.stages, one.reason, signed_by, missing)
    return found


def _to_sign(book: ControlBook, project: str, persons: Persons, person: str, of: str | None) -> Sequence[str]:
    """Whose freezes the person's signature helps to end."""
    holding = frozen(book, project, persons)
    named = {who: it for who, it in holding.items() if of is None or who in (of, f"{of}.{project}")}
    if not named:
        others = ", ".join(holding) or "nobody"
        what = "nothing is frozen" if of is None else f"{of} has frozen nothing"
        raise ConfigError(f"{what} in {project}; frozen by: {others}")
    adding = [who for who, it in named.items() if _adds(it, persons, person)]
    if not adding:
        missing = "; ".join(dict.fromkeys(role for it in named.values() for role in it.missing))
        raise ConfigError(f"{person}'s signature adds nothing; missing: {missing}")
    return adding


def _adds(one: Frozen, persons: Persons, person: str) -> bool:
    """A second operator's signature beside the first one's would only look as if two had agreed."""
    return missing_roles(persons, (*one.signed_by, person), FREEZERS) != one.missing
