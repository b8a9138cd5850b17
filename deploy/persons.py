"""What persons do from the command line, each under their own identity and only in a role they hold."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import order_withdrawal, sign_policy
from deploy.provision.parts import pins_path
from deploy.surroundings import Surroundings, project_folders, surroundings
from schemas.control import WithdrawalReason
from schemas.errors import ConfigError
from streams.engine.clock import SystemClock
from streams.redact.detect.custom import CustomScanner
from topology.control import ControlBook
from topology.identity import PERSON, Identity
from topology.loading import Topology, load_topology
from topology.policies import Policy, load_policy_bytes, policy_bytes
from topology.policies.review import review_of
from topology.project import Persons, Project
from vault.signing import issue_token

SIGNERS = ("author", "approver")
"""Who signs policies and minimum versions."""
_TASK_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a policy stands: who has signed it, who may give what is missing, and what is in force instead."""

    policy: Policy
    signed_by: tuple[str, ...]
    persons: Persons
    fully_signed: bool
    in_force: str | None
    """Hash of the policy in force, this one or another."""
    minimum: int = 0
    """No policy of a lower version is in force."""

    @property
    def rules(self) -> bool:
        """Whether this is the policy in force."""
        return self.in_force == self.policy.hash

    @property
    def missing(self) -> tuple[str, ...]:
        """The roles whose signature is missing, each with the persons who may give it."""
        return () if self.fully_signed else missing_roles(self.persons, self.signed_by)


def missing_roles(
    persons: Persons, signed_by: Collection[str], roles: Sequence[str] = SIGNERS, *, without: str = ""
) -> tuple[str, ...]:
    """Of these roles which has yet to sign, each with the persons who may; `without` may not."""
    by_role = {f"an {role}": tuple(one for one in persons.holding(role) if one != without) for role in roles}
    lacking = {role: holders for role, holders in by_role.items() if not set(holders) & set(signed_by)}
    if not lacking:  # one person holds both roles: somebody else has to sign as well
        others = sorted({one for holders in by_role.values() for one in holders} - {*signed_by})
        lacking = {"a second person": tuple(others)}
    return tuple(f"{role} ({' or '.join(holders)})" for role, holders in lacking.items())


def load_declared(root: Path) -> Topology:
    """The topology as the files of `root` and the package declare it, with the keys pinned there."""
    return load_topology(extra_projects=project_folders(root), pins=pins_path(root))


def sign(root: Path, project: str, policy: Policy, persons: Sequence[str]) -> None:
    """Put each person's signature on a policy. Nobody signs where one of them may not: ConfigError."""
    declared = load_declared(root)
    for person in persons:
        require_role(declared, project, person, SIGNERS, "sign policies")
    if persons:
        _check_loadable(policy)
        _check_publishable(root, project, policy)
    for person in persons:
        with acting(root, declared, project, person) as around:
            sign_policy(around, policy)


def _check_loadable(policy: Policy) -> None:
    """Raises ConfigError for what no stage could load, its patterns included: in force, raw records would wait."""
    try:
        load_policy_bytes(policy_bytes(policy))
        CustomScanner(policy.detection)
    except ConfigError as error:
        raise ConfigError(f"{policy.id}: can't be signed, since no stage could load it: {error}") from None


def _check_publishable(root: Path, project: str, policy: Policy) -> None:
    """Raises ConfigError for what would never be in force, or leave in doubt which policy is meant."""
    with compliance(root) as seen:
        book: ControlBook = seen.book()
    if review_of(policy, SystemClock().now()).overdue:
        raise ConfigError(f"{policy.id}: its review was due by {policy.review_by}; set a new `review_by` first")
    if policy.version < book.minimum(project):
        lowest = book.minimum(project)
        raise ConfigError(
            f"{policy.id}: below the minimum version of {project}, which is {lowest}; raise `version`"
        )
    others = [one.record for one in book.policy_history(project) if one.record.version == policy.version]
    if any(record.hash != policy.hash for record in others):
        raise ConfigError(
            f"{policy.id}: somebody has signed another policy of version {policy.version} in {project};"
            " raise `version`, so that nobody takes one for the other"
        )


def standing(root: Path, project: str, policy: Policy) -> Standing:
    """Where a policy stands now, from what `control` says. Raises ConfigError, LogUnavailable."""
    with compliance(root) as seen:
        book, persons = seen.book(), seen.topology.project(project).persons
    in_force = book.policy_in_force(project)
    return Standing(
        policy,
        tuple(sorted(book.policy_signers(project, policy.hash))),
        persons,
        book.policy(project, policy.hash) is not None,
        in_force.hash if in_force else None,
        book.minimum(project),
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
    require_task_id(task_id)
    declared = load_declared(root)
    require_role(declared, project, person, ("operator",), "withdraw tasks")
    with acting(root, declared, project, person) as around:
        return order_withdrawal(around, task_id, reason)


def annotator_token(
    root: Path, project: str, person: str, issuer: str | None, lifetime_s: int, devices: Sequence[str] = ()
) -> str:
    """A bearer token for someone who labels, signed by an app that acts for them or by an operator (the first one,
    if not said). `devices`: what the signer says of the device.
    """
    declared = load_declared(root)
    signer = _token_signer(declared.project(project), person, issuer)
    with acting(root, declared, project, signer) as around:
        return issue_token(
            around.vault,
            issuer=signer,
            person=person,
            project=project,
            token_id=secrets.token_hex(8),
            now=around.clock.now(),
            lifetime_s=lifetime_s,
            devices=devices,
        )


def _token_signer(project: Project, person: str, issuer: str | None) -> str:
    """Who signs a token for `person`. Raises ConfigError where `issuer` may not, since label would refuse it."""
    persons = project.persons
    if person not in persons.labeling:
        found = ", ".join(persons.labeling) or "nobody"
        raise ConfigError(f"{person} labels nothing in {project.name}; who does: {found}")
    if issuer is None and not persons.operators:
        raise ConfigError(f"{project.name} has no operator who could sign a token")
    signer = issuer or persons.operators[0]
    if signer in persons.operators or signer in persons.apps_of(person):
        return signer
    who = ", ".join((*sorted(persons.apps_of(person)), *persons.operators)) or "nobody"
    raise ConfigError(f"{signer} may not sign tokens for {person} in {project.name}; who may: {who}")


def require_task_id(text: str) -> None:
    """Raises ConfigError for what can't be one."""
    if _TASK_ID.fullmatch(text) is None:
        raise ConfigError("a task id is 32 hexadecimal digits; `veil audit tail` shows those of a batch")


def require_role(declared: Topology, project: str, person: str, roles: Sequence[str], act: str) -> None:
    """Said here in words; whoever gets around it is refused by Kafka, Vault and every reader of `control`."""
    persons = declared.project(project).persons
    if any(person in persons.holding(role) for role in roles):
        return
    allowed = "; ".join(f"{role}s: {', '.join(persons.holding(role)) or 'none'}" for role in roles)
    raise ConfigError(f"{person} may not {act} in {project}; {allowed}")


@contextmanager
def acting(root: Path, declared: Topology, project: str, person: str) -> Iterator[Surroundings]:
    """The connections of a person, closed in the end."""
    around = surroundings(root, Identity(PERSON, person), project, declared)
    try:
        yield around
    finally:
        around.close()


@contextmanager
def acting_in(root: Path, project: str, person: str) -> Iterator[Surroundings]:
    """The same, with what is declared under `root` now. Raises ConfigError for a project that is not."""
    declared = load_declared(root)
    declared.project(project)
    with acting(root, declared, project, person) as around:
        yield around
