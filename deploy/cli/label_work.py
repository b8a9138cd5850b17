"""`veil label pause|resume|exclude|admit`: who gets work, ordered by an operator."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.labeling_orders import Ordered

Batch = Annotated[
    str, typer.Option("--batch", metavar="NAME", help="This batch; else the whole project.", show_default=False)
]
Excluded = Annotated[
    str, typer.Argument(metavar="PERSON", help="The annotator or adjudicator it is about.", show_default=False)
]
FromBatch = Annotated[str, typer.Option("--batch", metavar="NAME", help="From this batch.", show_default=False)]
FromTask = Annotated[str, typer.Option("--task", metavar="TASK", help="From this task.", show_default=False)]


def pause(
    person: As,
    batch: Batch = "",
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Give nobody new tasks of a project, or of one batch; who has one may finish it.

    Sessions stay, and label says so within a second. Any operator may end it. To stop what could leak, freeze.

    [dim]Example:[/] [cyan]veil label pause --as olga --batch week-48[/]
    """
    from deploy.labeling_orders import pause as order

    _tell(Output(as_json), project, "paused", order(root, project, person, batch, on=True))


def resume(
    person: As,
    batch: Batch = "",
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Give tasks again, whoever has paused them.

    [dim]Example:[/] [cyan]veil label resume --as olga --batch week-48[/]
    """
    from deploy.labeling_orders import pause as order

    _tell(Output(as_json), project, "paused", order(root, project, person, batch, on=False))


def exclude(
    excluded: Excluded,
    person: As,
    batch: FromBatch = "",
    task: FromTask = "",
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Keep a person from a batch or a task; a lease of theirs on it ends at once.

    For example who knows the people a batch speaks of. What they have labeled stays.

    [dim]Example:[/] [cyan]veil label exclude ann-1 --batch week-48 --as olga[/]
    """
    from deploy.labeling_orders import exclude as order

    ordered = order(root, project, person, excluded, batch=batch, task=task, on=True)
    _tell(Output(as_json), project, "excluded", ordered)


def admit(
    excluded: Excluded,
    person: As,
    batch: FromBatch = "",
    task: FromTask = "",
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """End an exclusion, whoever has ordered it.

    [dim]Example:[/] [cyan]veil label admit ann-1 --batch week-48 --as olga[/]
    """
    from deploy.labeling_orders import exclude as order

    ordered = order(root, project, person, excluded, batch=batch, task=task, on=False)
    _tell(Output(as_json), project, "excluded", ordered)


def _tell(out: Output, project: str, what: str, ordered: Ordered) -> None:
    """All that is ordered of the kind now."""
    words = [Text(f"  {target} by {who}", style=WAITING) for target, who in ordered.now.items()]
    out.result(
        {"project": project, "control_key": ordered.key, what: ordered.now},
        Text.assemble(
            ("✓ ", GOOD), f"Ordered. Of {project} is {what}:" if words else f"Ordered. Nothing is {what}."
        ),
        *words,
        Text("  veil audit tail --follow shows label's control.applied", style=QUIET),
    )
