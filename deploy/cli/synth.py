"""`veil synth`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import secrets
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import flag
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.synth.making import Made
    from schemas.errors import VeilError

MAX_COUNT = 100_000
"""At fifty a second a good half hour; more is a mistake, or better left to `--follow`."""


def synth(
    count: Annotated[
        int | None, typer.Option("--count", min=1, max=MAX_COUNT, metavar="N", help="Publish so many, now.")
    ] = None,
    follow: Annotated[
        bool, flag("--follow", text="Go on until stopped: keep the policy's gold share of what others publish.")
    ] = False,
    dry_run: Annotated[bool, flag("--dry-run", text="Print them with their truth, and publish nothing.")] = False,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            metavar="NAME_OR_FILE",
            help="With --dry-run: what they must fit, if not the project's name.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="S", help="The same seed makes the same records.")
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Publish gold: synthetic records whose sensitive values and labels are known, hidden among the others.

    They are made of the project's templates and go the way of every record; each is published in one transaction
    with its truth, which only join reads. So people and the redactor are measured without knowing when. Give
    either [cyan]--count[/] or [cyan]--follow[/]; the latter mixes them best.

    [dim]Example:[/] [cyan]veil synth --project demo --follow[/]
    """
    if (count is None) is not follow:
        raise typer.BadParameter("give either --count N or --follow", param_hint="--count")
    if dry_run and follow:
        raise typer.BadParameter("a dry run makes a number of records; give --count N", param_hint="--dry-run")
    if policy is not None and not dry_run:
        raise typer.BadParameter("what is published must fit the policy in force", param_hint="--policy")
    out = Output(as_json)
    seed = secrets.randbelow(2**32) if seed is None else seed
    if dry_run:
        _rehearse(root, project, count or 0, seed, policy or project, out)
    else:
        _publish(root, project, count, seed, out)


def _rehearse(root: Path, project: str, count: int, seed: int, policy: str, out: Output) -> None:
    from deploy.synth.run import rehearsed

    for made in rehearsed(root, project, count, seed, policy):
        out.json_line(_shown(made))


def _shown(made: Made) -> dict[str, object]:
    """A record and its truth. It is made up: nobody's, and so shown as it is."""
    return {
        "media": made.media.value,
        "fields": dict(made.fields),
        "values": [asdict(one) for one in made.values],
        "spans": [asdict(one) for one in made.spans],
        "choices": dict(made.choices),
    }


def _publish(root: Path, project: str, count: int | None, seed: int, out: Output) -> None:
    from deploy.synth.run import follow, publish

    with out.progress_console.status(Text("publishing gold")) as status:

        def done(number: int) -> None:
            status.update(Text(f"{number:,} synthetic records published"))

        def trouble(error: VeilError) -> None:
            out.note(f"{error}; what others publish meanwhile gets its gold afterwards")

        if count is None:
            stop = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            made = follow(root, project, seed, stop, done, trouble)
        else:
            made = publish(root, project, count, seed, done)
    words = f"{made:,} synthetic records are on raw.{project}, and what is true of them on gold.{project}."
    out.result(
        {"project": project, "published": made, "seed": seed},
        Text.assemble(("✓ ", GOOD), words),
        Text("  veil label quality shows what comes of them", style=QUIET),
    )
