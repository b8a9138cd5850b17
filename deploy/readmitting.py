"""Letting a person in again who was paused for their answers on gold."""

from __future__ import annotations

from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import order_readmission, readmission_key
from deploy.persons import acting, load_declared, require_role
from schemas.errors import ConfigError


def readmit(root: Path, project: str, who: str, person: str) -> str:
    """Order it as an operator; decide obeys. The order's key on `control`. Raises ConfigError."""
    declared = load_declared(root)
    require_role(declared, project, person, ("operator",), "readmit people")
    labeling = declared.project(project).persons.labeling
    if who not in labeling:
        raise ConfigError(f"{who} labels nothing in {project}; who does: {', '.join(labeling) or 'nobody'}")
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        # Of all operators' orders the highest version counts, and another's clock may have been ahead.
        lowest = max(book.next_version(readmission_key(around, who)), book.readmitted(project, who) + 1)
        return order_readmission(around, who, lowest)
