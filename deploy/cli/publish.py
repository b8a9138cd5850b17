"""`veil publish`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import BAD, GOOD, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.routing import HIGHEST, LOWEST, NORMAL

if TYPE_CHECKING:
    from schemas.routing import Routing
    from streams.publish.files import BadLine, FileReport, Format

BAD_SHOWN = 20
"""So many bad lines are named to a person; JSON holds them all."""


class Lines(StrEnum):
    """What a file's lines hold."""

    JSONL = "jsonl"
    CSV = "csv"
    TEXT = "text"


def publish(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="JSON Lines (.jsonl, .ndjson), CSV (.csv, a record a row) or text (.txt), a record a line.",
            show_default=False,
        ),
    ],
    project: Project = DEFAULT_PROJECT,
    key_field: Annotated[
        str | None,
        typer.Option(
            "--key-field", metavar="F", help="Field or column that is the record's key: equal keys stay in order."
        ),
    ] = None,
    kind: Annotated[
        Lines | None, typer.Option("--format", help="What the lines hold, if the name doesn't say.")
    ] = None,
    priority: Annotated[
        int,
        typer.Option("--priority", min=LOWEST, max=HIGHEST, metavar="N", help="How urgent the tasks are: 9 most."),
    ] = NORMAL,
    batch: Annotated[
        str, typer.Option("--batch", metavar="NAME", help="Batch of the project that they belong to.")
    ] = "",
    skills: Annotated[
        list[str] | None,
        typer.Option(
            "--skill", metavar="NAME", help="What they ask of a person; may be given again.", show_default=False
        ),
    ] = None,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Publish a file to a project, each record sealed before it leaves this process.

    An interrupted run is taken up where it was; it may publish up to 1,000 lines twice, and says so. Bad lines are
    named by number and reason, and the rest goes on: exit code 3. Batches and skills are those that the project's
    file names; annotators see them.

    [dim]Example:[/] [cyan]veil publish customers.jsonl --project demo --key-field customer_id[/]
    """
    from deploy.publishing import known_routing
    from streams.publish.files import Format, format_of

    if not file.is_file():
        raise typer.BadParameter(f"{file} is no file", param_hint="FILE")
    out = Output(as_json)
    bad: list[BadLine] = []
    routing = known_routing(root, project, priority, batch, skills or [])
    kind_of = Format(kind.value) if kind else format_of(file)
    report = _publish(root, file, kind_of, project, key_field, routing, bad, out)
    _report(report, bad, file, project, out)
    if report.progress.bad:
        raise typer.Exit(Exit.PARTIAL)


def _publish(
    root: Path,
    file: Path,
    kind: Format,
    project: str,
    key_field: str | None,
    routing: Routing,
    bad: list[BadLine],
    out: Output,
) -> FileReport:
    from deploy.publishing import publishing
    from streams.publish.files import publish_file
    from streams.publish.progress import Progress as Done

    with publishing(root, project) as publisher, _bar(out) as bar:
        task = bar.add_task(file.name, total=file.stat().st_size, lines="")

        def advance(done: Done, size: int) -> None:
            bar.update(task, completed=done.offset, total=size, lines=f"{done.published:,} published")

        return publish_file(
            file,
            kind,
            publisher,
            project,
            key_field=key_field,
            routing=routing,
            on_progress=advance,
            on_bad=bad.append,
        )


def _bar(out: Output) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[lines]}", markup=False),
        TimeRemainingColumn(),
        console=out.progress_console,
        transient=True,
    )


def _report(report: FileReport, bad: list[BadLine], file: Path, project: str, out: Output) -> None:
    done = report.progress
    content = {
        **asdict(done),
        "resumed_at_line": report.resumed_at_line,
        "may_repeat": report.may_repeat,
        "bad_lines": [{"line": one.number, "reason": one.reason.value} for one in bad],
    }
    records = "1 record" if done.published == 1 else f"{done.published:,} records"
    words = [Text.assemble(("✓ ", GOOD), f"{records} of {file.name} published to raw.{project}.")]
    if report.resumed_at_line > 1:
        nothing = " Nothing was new." if report.resumed_at_line > done.lines else ""
        words.append(Text(f"  Taken up at line {report.resumed_at_line:,}.{nothing}", style=WAITING))
    if report.may_repeat:
        twice = f"up to {report.may_repeat:,} lines may be there twice"
        words.append(Text(f"  The last run was interrupted: {twice}.", style=WAITING))
    words += [Text(f"  ✗ line {one.number}: {one.reason.value}", style=BAD) for one in bad[:BAD_SHOWN]]
    if done.bad > min(len(bad), BAD_SHOWN):
        words.append(Text(f"  {done.bad:,} bad lines in all", style=BAD))
    out.result(content, *words)
