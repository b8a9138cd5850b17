"""`veil label drift`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import QUIET, Output, PlainTable, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.drifts import Drift


def drift(
    person: Annotated[
        str | None, typer.Option("--person", metavar="PERSON", help="One person; everybody, if not given.")
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show whose answers have changed against others' on the same tasks: when, in what, from where to where.

    It is a reason to look at answers, and to ask; it says nothing about why. Read from the audit, as compliance.

    [dim]Example:[/] [cyan]veil label drift --person ann-1 --json[/]
    """
    from deploy.drifts import drifts

    found = drifts(root, project, person)
    content = [it.as_json() for it in found]
    Output(as_json).result({"project": project, "drifts": content}, *_words(found))


def _words(found: Sequence[Drift]) -> list[RenderableType]:
    if not found:
        return [Text("Nobody's answers have changed.")]
    table = PlainTable("since", "person", "signal", "usual", "now", "answers")
    for it in found:
        table.add_row(_time(it.since), it.person, it.signal, it.usual, it.level, it.answers)
    return [
        heading(f"{len(found)} changes", "against the others on the same tasks"),
        Text(),
        table,
        Text("  streams/decide/README.md says what the signals mean, and what they don't", style=QUIET),
    ]


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M}"
