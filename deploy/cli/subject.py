"""`veil subject report`, and how commands take a subject."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.factor import ask_factor
from deploy.cli.moments import moment
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, NAME, QUIET, WAITING, Output, PlainTable, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.reporting import Answer
    from deploy.subjects import Subject
    from streams.audit.subject_report import Held

STDIN = "-"
SUBJECT_HELP = "Exactly as records name them; - reads a line of standard input. None: you are asked for it."


def report(
    person: As,
    subject: Annotated[
        str | None, typer.Argument(metavar="SUBJECT", help=SUBJECT_HELP, show_default=False)
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show what is held of a person: where, since when, under which policy, until when. No value of theirs.

    For who may erase, with password and a fresh code; that you ask is on the audit first. An argument stands in
    process lists and in the shell's history: rather let yourself be asked.

    [dim]Example:[/] [cyan]veil subject report --as olga --project demo[/]
    """
    from deploy.reporting import report_on

    found = report_on(root, project, person, given_subject(subject), lambda: ask_factor(person))
    Output(as_json).result(found.as_json(), *_words(found))


def given_subject(given: str | None) -> Subject:
    """What the person gives, never printed."""
    from deploy.subjects import Subject

    if given is None:
        return Subject(typer.prompt("Subject, as records name them", hide_input=True, err=True))
    return Subject(sys.stdin.readline().rstrip("\r\n") if given == STDIN else given)


def _words(found: Answer) -> Iterator[RenderableType]:
    report = found.report
    yield heading(f"what {report.project} holds of {report.subject[:12]}", f"as of {moment(report.made_at)} UTC")
    yield from _erasure(found)
    if report.held:
        table = PlainTable("place", "records", "since", "until", "policy", "")
        for one in report.held:
            table.add_row(
                one.place, f"{one.count:,}", moment(one.since), _until(one), ", ".join(one.policies), one.what
            )
        yield table
    if not report.tasks:
        yield Text("Of no task known here.", style=QUIET)
    yield Text("What this can't know:", style=QUIET)
    for it in report.unknown:
        yield Text(f"  {it.place}: {it.why}", style=QUIET)


def _until(one: Held) -> str:
    return moment(one.until) if one.until else "not by itself"


def _erasure(found: Answer) -> Iterator[Text]:
    if found.erasure == "none":
        return
    erasure = found.report.erasure
    over = found.erasure == "over"
    words = {"unsigned": "not erased, a signature is missing", "over": "erased"}.get(found.erasure, "being erased")
    since = f" since {moment(erasure.erased)} UTC" if erasure.erased else ""
    yield Text.assemble((words, GOOD if over else WAITING), since, (f"  {len(erasure.tasks)} tasks", QUIET))
    for one in erasure.signed:
        yield Text.assemble(
            "  ordered by ", (one.person, NAME), (f" on {moment(one.at)} UTC: {one.reason}", QUIET)
        )
    for role in found.standing.missing:
        yield Text(f"  missing: {role}", style=WAITING)
