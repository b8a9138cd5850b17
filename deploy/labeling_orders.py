"""Pausing a project or a batch, and keeping a person from a batch or a task: ordered by an operator on
`control`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.compliance import compliance
from deploy.control_orders import order_switch, switch_key
from deploy.persons import acting, load_declared, require_role, require_task_id
from schemas.audit import Event, EventType
from schemas.control import ControlKind
from schemas.errors import ConfigError
from topology.loading import Topology
from topology.switches import exclusion_target, pause_target

OPERATOR = ("operator",)
"""Who may, as `flow.yaml` says."""
_EVENTS = {
    (ControlKind.PAUSE, True): EventType.PAUSE_ORDERED,
    (ControlKind.PAUSE, False): EventType.PAUSE_LIFTED,
    (ControlKind.EXCLUDE, True): EventType.EXCLUSION_ORDERED,
    (ControlKind.EXCLUDE, False): EventType.EXCLUSION_LIFTED,
}


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order's key on `control`, and all that is switched on of its kind now, each with who ordered it."""

    key: str
    now: dict[str, str]


def pause(root: Path, project: str, person: str, batch: str, *, on: bool) -> Ordered:
    """Pause a batch (empty: the whole project), or let it go on, whoever paused it.

    Raises ConfigError for a batch that the project's file doesn't name, or where there is nothing to lift.
    """
    declared = load_declared(root)
    if on and batch:
        _check_batch(declared, project, batch)
    return _switch(root, declared, person, project, ControlKind.PAUSE, pause_target(batch), on=on)


def exclude(
    root: Path, project: str, person: str, excluded: str, *, batch: str = "", task: str = "", on: bool
) -> Ordered:
    """Keep somebody who labels from a batch or a task, or admit them again. Raises ConfigError as `pause`."""
    declared = load_declared(root)
    if bool(batch) == bool(task):
        raise ConfigError("say either a batch or a task")
    if task:
        require_task_id(task)
    if on:
        _check_labels(declared, project, excluded)
        if batch:
            _check_batch(declared, project, batch)
    target = exclusion_target(excluded, batch=batch, task=task)
    return _switch(root, declared, person, project, ControlKind.EXCLUDE, target, on=on, excluded=excluded)


def _check_labels(declared: Topology, project: str, person: str) -> None:
    labeling = declared.project(project).persons.labeling
    if person not in labeling:
        raise ConfigError(f"{person} labels nothing in {project}; who does: {', '.join(labeling) or 'nobody'}")


def _check_batch(declared: Topology, project: str, batch: str) -> None:
    batches = declared.project(project).routes.batches
    if batch not in batches:
        raise ConfigError(
            f"{project} has no batch {batch}; its file names: {', '.join(sorted(batches)) or 'none'}"
        )


def _switch(
    root: Path,
    declared: Topology,
    person: str,
    project: str,
    kind: ControlKind,
    target: str,
    *,
    on: bool,
    excluded: str = "",
) -> Ordered:
    require_role(declared, project, person, OPERATOR, "pause work or exclude people")
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        book = seen.book()
        switches = book.pauses(project) if kind is ControlKind.PAUSE else book.exclusions(project)
        if not on and target not in switches.on():
            raise ConfigError(f"nothing to lift: {target} of {project} is not ordered")
        lowest = max(switches.next_version(target), book.next_version(switch_key(around, kind, target)))
        event = Event(_EVENTS[kind, on], "", details={"excluded": excluded} if excluded else {})
        key = order_switch(around, kind, target, event, lowest, on=on)
        book = seen.book()
        switches = book.pauses(project) if kind is ControlKind.PAUSE else book.exclusions(project)
        return Ordered(key, dict(switches.on()))
