"""`veil job`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.moments import moment
from deploy.cli.options import AsJson, Project, Root, Signers
from deploy.cli.output import GOOD, QUIET, WAITING, Output, PlainTable, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.job_signing import JobStanding

app = typer.Typer(
    cls=Commands,
    help="Labeling jobs: how a project labels, in force once those have signed whom its file names.",
    no_args_is_help=True,
)
SHORT = 12
"""Digits of a hash that a table shows; `--json` has all."""


@app.command(cls=Command)
def publish(
    persons: Signers = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Bring the labeling job of a project's file into force: sign as each person given, then say where it stands.

    A job is what the file says of guidelines, onboarding, access and verdicts. Where the file has [cyan]jobs[/],
    label and decide work by the job in force, and the file is a draft of the next one.

    [dim]Example:[/] [cyan]veil job publish --project demo --as ada --as grace[/]
    """
    from deploy.job_signing import publish_job

    now = publish_job(root, project, persons or [])
    signed = Text(f"  signed by {' and '.join(now.signed_by) or 'nobody'}")
    words = [heading(f"{project} job {now.version}", now.hash), signed, *_changes(now), _verdict(now)]
    Output(as_json).result({"project": project, **asdict(now)}, *words)


@app.command(cls=Command)
def history(project: Project = DEFAULT_PROJECT, root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """Show every labeling job of a project that somebody has signed: version, hash, who signed when.

    [dim]Example:[/] [cyan]veil job history --project demo[/]
    """
    from deploy.job_signing import job_history

    versions = job_history(root, project)
    table = PlainTable("version", "hash", "signed by", "")
    for one in versions:
        signers = ", ".join(f"{who} {moment(at)}" for who, at in one.signed_by.items())
        state = Text("in force", style=GOOD) if one.in_force else Text("")
        table.add_row(str(one.version), Text(one.hash[:SHORT], style=QUIET), signers, state)
    nobody = Text("  Nobody has signed a labeling job yet.", style=QUIET)
    content = {"project": project, "versions": [asdict(one) for one in versions]}
    Output(as_json).result(content, heading(f"labeling jobs of {project}"), table if versions else nobody)


def _changes(now: JobStanding) -> list[Text]:
    return [Text(f"  differs from what is in force: {', '.join(now.changes)}")] if now.changes else []


def _verdict(now: JobStanding) -> Text:
    if now.in_force:
        return Text.assemble(("✓ ", GOOD), "In force.")
    if now.missing:
        return Text(f"  Not in force: it wants the signature of {' and '.join(now.missing)}.", style=WAITING)
    return Text("  Fully signed, but one of a higher version is in force.", style=WAITING)
