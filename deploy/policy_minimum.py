"""The lowest version of a policy that may be in force: signed by two, and never taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import sign_minimum
from deploy.persons import SIGNERS, acting, load_declared, missing_roles, require_role
from schemas.errors import ConfigError
from topology.control import ControlBook


@dataclass(frozen=True, slots=True)
class MinimumStanding:
    """Where a minimum stands: who has signed it, whose signature is missing, and which minimum holds."""

    version: int
    signed_by: tuple[str, ...]
    missing: tuple[str, ...]
    in_force: int
    """The minimum that holds; 0: none."""


def require_minimum(root: Path, project: str, version: int, persons: Sequence[str]) -> MinimumStanding:
    """Put each person's signature on a minimum; with nobody given, only look.

    Raises ConfigError where nothing would be in force any more: publish the policy first.
    """
    declared = load_declared(root)
    for person in persons:
        require_role(declared, project, person, SIGNERS, "sign minimum versions")
    with compliance(root) as seen:
        _check(seen.book(), project, version, persons)
        for person in persons:
            with acting(root, declared, project, person) as around:
                sign_minimum(around, version)
        book = seen.book()
    signed_by = tuple(sorted(book.minimum_signers(project, version)))
    holds = book.minimum(project) >= version
    missing = () if holds else missing_roles(declared.project(project).persons, signed_by)
    return MinimumStanding(version, signed_by, missing, book.minimum(project))


def _check(book: ControlBook, project: str, version: int, persons: Sequence[str]) -> None:
    in_force = book.policy_in_force(project)
    if persons and (in_force is None or in_force.version < version):
        now = f"version {in_force.version}" if in_force else "none"
        raise ConfigError(
            f"a minimum of {version} would leave {project} without a policy: in force is {now};"
            " publish a policy of that version first"
        )
