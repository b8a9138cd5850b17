"""What persons do from the command line, each under their own identity and only in a role they hold."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import order_withdrawal, sign_policy
from deploy.provision.parts import pins_path
from deploy.surroundings import Surroundings, project_folders, surroundings
from schemas.control import WithdrawalReason
from schemas.errors import ConfigError
from topology.control import ControlBook
from topology.identity import PERSON, Identity
from topology.loading import Topology, load_topology
from topology.policies import Policy
from topology.project import Persons
from vault.signing import issue_token

_TASK_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a policy stands: who has signed it, who may give what is missing, and what is in force instead."""

    policy: Policy
    signed_by: tuple[str, ...]
    authors: tuple[str, ...]
    approvers: tuple[str, ...]
    fully_signed: bool
    in_force: str | None
    """Hash of the policy in force, this one or another."""

    @property
    def rules(self) -> bool:
        """Whether this is the policy in force."""
        return self.in_force == self.policy.hash

    @property
    def missing(self) -> tuple[str, ...]:
        """The roles whose signature is missing, each with the persons who may give it."""
        if self.fully_signed:
            return ()
        by_role = {"an author": self.authors, "an approver": self.approvers}
        lacking = {role: persons for role, persons in by_role.items() if not set(persons) & set(self.signed_by)}
        if not lacking:  # one person holds both roles: somebody else has to sign as well
            others = sorted({*self.authors, *self.approvers} - {*self.signed_by})
            lacking = {"a second person": tuple(others)}
        return tuple(f"{role} ({' or '.join(persons)})" for role, persons in lacking.items())


def load_declared(root: Path) -> Topology:
    """The topology as the files of `root` and the package declare it, with the keys pinned there."""
    return load_topology(extra_projects=project_folders(root), pins=pins_path(root))


def sign(root: Path, project: str, policy: Policy, persons: Sequence[str]) -> None:
    """Put each person's signature on a policy. Nobody signs where one of them may not: ConfigError."""
    declared = load_declared(root)
    for person in persons:
        _require(declared, project, person, ("author", "approver"), "sign policies")
    for person in persons:
        with _acting(root, declared, project, person) as around:
            sign_policy(around, policy)


def standing(root: Path, project: str, policy: Policy) -> Standing:
    """Where a policy stands now, from what `control` says. Raises ConfigError, LogUnavailable."""
    with compliance(root) as seen:
        book, persons = seen.book(), seen.topology.project(project).persons
    in_force = book.policy_in_force(project)
    return Standing(
        policy,
        tuple(sorted(book.policy_signers(project, policy.hash))),
        persons.authors,
        persons.approvers,
        book.policy(policy.hash) is not None,
        in_force.hash if in_force else None,
    )


def without_policy(root: Path, projects: Sequence[str]) -> dict[str, Persons]:
    """The projects in which no policy is in force, so that raw records wait, and who could sign one."""
    with compliance(root) as seen:
        book: ControlBook = seen.book()
        return {
            name: seen.topology.project(name).persons for name in projects if book.policy_in_force(name) is None
        }


def withdraw(root: Path, project: str, task_id: str, person: str, reason: WithdrawalReason) -> str:
    """Order that a task is pulled everywhere and its key destroyed. The order's key on `control`."""
    if _TASK_ID.fullmatch(task_id) is None:
        raise ConfigError("a task id is 32 hexadecimal digits; `veil audit tail` shows those of a batch")
    declared = load_declared(root)
    _require(declared, project, person, ("operator",), "withdraw tasks")
    with _acting(root, declared, project, person) as around:
        return order_withdrawal(around, task_id, reason)


def annotator_token(root: Path, project: str, person: str, issuer: str | None, lifetime_s: int) -> str:
    """A bearer token with which an annotator takes tasks, signed by an operator (the first one, if not said)."""
    declared = load_declared(root)
    annotators = declared.project(project).persons.annotators
    if person not in annotators:
        raise ConfigError(f"{person} is no annotator of {project}; annotators: {', '.join(annotators) or 'none'}")
    operators = declared.project(project).persons.operators
    if issuer is None and not operators:
        raise ConfigError(f"{project} has no operator who could sign a token")
    signer = issuer or operators[0]
    _require(declared, project, signer, ("operator",), "issue tokens")
    with _acting(root, declared, project, signer) as around:
        return issue_token(
            around.vault,
            issuer=signer,
            person=person,
            project=project,
            token_id=secrets.token_hex(8),
            now=around.clock.now(),
            lifetime_s=lifetime_s,
        )


def _require(declared: Topology, project: str, person: str, roles: Sequence[str], act: str) -> None:
    """Said here in words; whoever gets around it is refused by Kafka, Vault and every reader of `control`."""
    persons = declared.project(project).persons
    if any(person in persons.holding(role) for role in roles):
        return
    allowed = "; ".join(f"{role}s: {', '.join(persons.holding(role)) or 'none'}" for role in roles)
    raise ConfigError(f"{person} may not {act} in {project}; {allowed}")


@contextmanager
def _acting(root: Path, declared: Topology, project: str, person: str) -> Iterator[Surroundings]:
    around = surroundings(root, Identity(PERSON, person), project, declared)
    try:
        yield around
    finally:
        around.close()
