"""Stopping stages from releasing, and letting them go on: ordered by a person, told by what `control` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import freeze_key, lift_key, order_freeze, order_lift, order_resume
from deploy.persons import acting, load_declared, require_role
from schemas.control import ControlKind, Freezable, Freeze, FreezeReason
from schemas.errors import ConfigError

FREEZERS = ("operator", "approver")
"""Who may, as `flow.yaml` says."""


def freeze(
    root: Path, project: str, person: str, stages: Sequence[Freezable], reason: FreezeReason
) -> tuple[str, Mapping[str, Freeze]]:
    """Stop these stages and no others of those the person had stopped. The order's key, and what is frozen now."""
    declared = load_declared(root)
    require_role(declared, project, person, FREEZERS, "freeze")
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        version = seen.book().next_version(freeze_key(around))
        return order_freeze(around, stages, reason, version), seen.book().freezes(project)


def resume(root: Path, project: str, person: str) -> tuple[str, Mapping[str, Freeze]]:
    """End what the person has frozen. The order's key, and what others keep frozen.

    Raises ConfigError where the person has frozen nothing.
    """
    declared = load_declared(root)
    require_role(declared, project, person, FREEZERS, "resume")
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        if person not in book.freezes(project):
            others = ", ".join(book.freezes(project)) or "nobody"
            raise ConfigError(
                f"{person} has frozen nothing in {project}; frozen by: {others}. Each ends their own"
            )
        return order_resume(around, book.next_version(freeze_key(around))), seen.book().freezes(project)


def lift(root: Path, project: str, person: str, process: str) -> tuple[str, Mapping[str, Freeze]]:
    """End what a process has frozen, as it stands now. The order's key, and what is frozen then.

    Raises ConfigError where that process has frozen nothing.
    """
    declared = load_declared(root)
    require_role(declared, project, person, FREEZERS, "resume")
    signer = f"{process}.{project}"
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        if signer not in book.freezes(project):
            others = ", ".join(book.freezes(project)) or "nobody"
            raise ConfigError(f"{signer} has frozen nothing in {project}; frozen by: {others}")
        frozen = book.next_version(f"{ControlKind.FREEZE}/{project}/{signer}") - 1
        key = order_lift(around, signer, frozen, book.next_version(lift_key(around, signer)))
        return key, seen.book().freezes(project)
