"""`veil contain`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.control import Freezable, FreezeReason, WithdrawalReason

if TYPE_CHECKING:
    from schemas.control import Freeze

app = typer.Typer(cls=Commands, help="Pull back what should not be seen.", no_args_is_help=True)


@app.callback()
def contain() -> None:
    """Pull back what should not be seen."""


@app.command(cls=Command)
def withdraw(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="Task id, 32 hexadecimal digits.", show_default=False)
    ],
    person: As,
    reason: Annotated[
        WithdrawalReason,
        typer.Option("--reason", help="Why. A fixed list: free text could quote content."),
    ],
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Order that a task is pulled everywhere, and its key destroyed. It can't be undone.

    The order is signed by an operator. Label and join evict their cached keys and acknowledge it in the audit.

    [dim]Example:[/] [cyan]veil contain withdraw 0f6a…e1 --as olga --reason personal_data[/]
    """
    from deploy.persons import withdraw as order

    key = order(root, project, task, person, reason)
    Output(as_json).result(
        {"task": task, "ordered_by": person, "control_key": key},
        Text.assemble(("✓ ", GOOD), f"Ordered: task {task} is withdrawn everywhere."),
        Text("  veil audit tail --follow shows each stage's control.applied", style=QUIET),
    )


@app.command(cls=Command)
def freeze(
    person: As,
    reason: Annotated[
        FreezeReason, typer.Option("--reason", help="Why. A fixed list: free text could quote content.")
    ],
    stages: Annotated[
        list[Freezable] | None,
        typer.Option(
            "--stage", help="What stops; may be given again. None: redact and label.", show_default=False
        ),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Stop a project from releasing: no new task by redact, no new lease by label.

    Signed by an operator or an approver; it holds until the same person resumes. Raw records wait on their topic,
    as long as its retention lets them (a day, unless the project's file says else); who has a lease may finish it.
    Freezing again replaces what you had frozen.

    [dim]Example:[/] [cyan]veil contain freeze --as olga --reason leak --project demo[/]
    """
    from deploy.freezing import freeze as order

    key, frozen = order(root, project, person, stages or list(Freezable), reason)
    _tell(Output(as_json), project, key, frozen)


@app.command(cls=Command)
def resume(
    person: As,
    process: Annotated[
        str | None,
        typer.Option("--of", metavar="ROLE", help="End what a process has frozen: keeper, on the leak bound."),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """End what you have frozen. What others have frozen stays so until they resume.

    A process can't tell when its reason is over: with [cyan]--of[/] you end its freeze, and answer for it. Keeper
    then counts leaks anew.

    [dim]Example:[/] [cyan]veil contain resume --as olga --project demo[/]
    """
    from deploy.freezing import lift
    from deploy.freezing import resume as order

    key, frozen = order(root, project, person) if process is None else lift(root, project, person, process)
    _tell(Output(as_json), project, key, frozen)


def _tell(out: Output, project: str, key: str, frozen: Mapping[str, Freeze]) -> None:
    """Who has frozen what, after the order."""
    said = {who: {"stages": sorted(one.stages), "reason": one.reason} for who, one in frozen.items()}
    words = [
        Text(f"  {' and '.join(sorted(one.stages))} frozen by {who} ({one.reason})", style=WAITING)
        for who, one in frozen.items()
    ]
    out.result(
        {"project": project, "control_key": key, "frozen": said},
        Text.assemble(("✓ ", GOOD), f"Ordered. Of {project} {'is frozen:' if frozen else 'nothing is frozen.'}"),
        *words,
        Text("  veil audit tail --follow shows each stage's control.applied", style=QUIET),
    )
