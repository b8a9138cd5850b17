"""`veil contain`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.control import WithdrawalReason

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
