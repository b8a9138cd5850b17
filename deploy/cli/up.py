"""`veil up` and `veil down`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from deploy.cli.command import flag
from deploy.cli.options import AsJson, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output, PlainTable, commands, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT, PROJECT_VARIABLE

if TYPE_CHECKING:
    from deploy.signin.invitation import Invitation
    from deploy.up import Address
    from topology.project import Persons


def up(
    project: Annotated[
        list[str] | None,
        typer.Option(
            "--project",
            "-p",
            envvar=PROJECT_VARIABLE,
            metavar="P",
            help="A project to run; may be given again. None: those of the run before, else demo.",
        ),
    ] = None,
    redact: Annotated[
        int, typer.Option("--redact", min=1, max=64, metavar="N", help="How many redact processes a project gets.")
    ] = 1,
    standbys: Annotated[
        int,
        typer.Option(
            "--standbys", min=0, max=8, metavar="N", help="How many label processes of a project stand by for one."
        ),
    ] = 0,
    no_console: Annotated[bool, flag("--no-console", text="Leave out the compliance console.")] = False,
    detach: Annotated[bool, flag("--detach", "-d", text="Run in the background; `veil down` stops it.")] = False,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Start the local stack, apply the topology, and run each stage under its own identity.

    Runs until Ctrl-C, or in the background with [cyan]--detach[/]. What an earlier run has left in the folder is
    taken up again, its projects too, where none is given; other options count for one run. A second run on the
    same folder is refused.

    [dim]Example:[/] [cyan]veil up --project demo --redact 2 --detach[/]
    """
    out = Output(as_json)
    projects = project or _as_before(root, out)
    if detach:
        _in_background(root, projects, redact, standbys, out, console=not no_console)
    else:
        _in_foreground(root, projects, redact, standbys, out, console=not no_console)


def down(root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """Stop what runs under a folder, and wait until every process of it is gone. Data and keys stay.

    [dim]Example:[/] [cyan]veil down[/]
    """
    from deploy.up.down import take_down

    out = Output(as_json)
    with out.progress_console.status(Text("stopping")):
        stopped = take_down(root)
    words = f"Nothing runs under {root}." if stopped is None else "Stopped; no process is left."
    out.result({"stopped": stopped is not None, "owner": stopped}, Text.assemble(("✓ ", GOOD), words))


def _as_before(root: Path, out: Output) -> Sequence[str]:
    """The projects of the run before; else the one that commands act on where nothing is said."""
    from deploy.up.addresses import projects_of_last_start

    before = projects_of_last_start(root)
    found = before or (DEFAULT_PROJECT,)
    why = "as the run before did" if before else "nothing ran here before"
    out.note(Text(f"  starts {', '.join(found)}: no --project is given, and {why}", style=QUIET))
    return found


def _in_background(
    root: Path, projects: Sequence[str], redact: int, standbys: int, out: Output, *, console: bool
) -> None:
    from deploy.up import read_addresses
    from deploy.up.background import launch

    with out.steps("starting in the background") as report:
        pid = launch(root, projects, redact, standbys, report, console=console)
    _announce(root, pid, read_addresses(root.absolute()), projects, out, detached=True)


def _in_foreground(
    root: Path, projects: Sequence[str], redact: int, standbys: int, out: Output, *, console: bool
) -> None:
    from deploy.up import Installation
    from deploy.up.signals import StopSignals

    signals = StopSignals()
    said: list[str] = []
    installation = Installation(root, projects, redact, standbys, console=console, report=said.append)
    try:
        with out.steps("starting") as report:
            installation = Installation(root, projects, redact, standbys, console=console, report=report)
            installation.start()
            signals.started()
        _announce(root, os.getpid(), installation.addresses, projects, out, detached=False)
        signals.wait()
    finally:
        with out.progress_console.status(Text("stopping")):
            installation.stop()
    out.note(Text.assemble(("✓ ", GOOD), "Stopped; no process is left."))


def _announce(
    root: Path, pid: int, addresses: Sequence[Address], projects: Sequence[str], out: Output, *, detached: bool
) -> None:
    from deploy.persons import without_policy
    from deploy.signin.invitation import console_name, invited_to_console, path_of, read

    waiting = without_policy(root, projects)
    found = {name: read(root, name) for name in projects}
    invited = {name: it for name, it in found.items() if it is not None}
    at_console = invited_to_console(root)
    content = {
        "root": str(root.absolute()),
        "owner": pid,
        "processes": [
            {**asdict(it), "api_url": it.api_url, "health_url": it.health_url, "metrics_url": it.metrics_url}
            for it in addresses
        ],
        "without_policy": sorted(waiting),
        "invited": [
            {"project": name, "page": it.page, "person": it.person, "file": str(path_of(root.absolute(), name))}
            for name, it in invited.items()
        ],
        "invited_to_console": [
            {"page": it.page, "person": it.person, "file": str(path_of(root.absolute(), console_name(it.person)))}
            for it in at_console
        ],
    }
    out.result(content, *_words(root, addresses, waiting, invited, at_console, detached=detached))


def _words(
    root: Path,
    addresses: Sequence[Address],
    waiting: Mapping[str, Persons],
    invited: Mapping[str, Invitation],
    at_console: Sequence[Invitation],
    *,
    detached: bool,
) -> list[RenderableType]:
    table = PlainTable("process", "/healthz and /metrics", "people connect to")
    for it in addresses:
        api = Text(it.api_url, style="cyan") if it.api_url else Text("–", style=QUIET)
        table.add_row(it.process, it.health_url.removesuffix("/healthz"), api)
    words: list[RenderableType] = [Text(), heading("Veilstream is up", f"in {root}"), Text(), table, Text()]
    words.append(Text(f"Each process logs to {root / 'logs'}/<process>.jsonl", style=QUIET))
    words += [_invitation(root, name, it) for name, it in invited.items()]
    words += [_console(root, at_console)] if at_console else []
    words += [_no_policy(name, persons) for name, persons in waiting.items()]
    return [*words, Text(), _how_to_go_on(addresses[0].project, detached=detached), Text()]


def _invitation(root: Path, project: str, invited: Invitation) -> RenderableType:
    """Where to label, and where the secrets are; none of them is printed."""
    from deploy.signin.invitation import path_of

    file = path_of(root, project)
    sentence = f"Label in {project} as {invited.person}. The password, good until the next start, is in {file}"
    table = commands(
        (invited.page, "the annotators' page"),
        (f"veil label code -p {project}", "the second factor's code"),
    )
    return Group(Text(), Text(sentence), table)


def _console(root: Path, invited: Sequence[Invitation]) -> RenderableType:
    """Where to look, and who may; no secret is printed."""
    from deploy.signin.invitation import console_name, path_of

    others = ", ".join(it.person for it in invited)
    file = path_of(root, console_name("PERSON"))
    sentence = f"Look at what happens as one of {others}. Passwords, good until the next start, are in {file}"
    table = commands(
        (invited[0].page, "the compliance console"),
        ("veil console code --person PERSON", "the second factor's code"),
    )
    return Group(Text(), Text(sentence), table)


def _no_policy(project: str, persons: Persons) -> RenderableType:
    author = persons.authors[0] if persons.authors else "AUTHOR"
    approver = next((it for it in persons.approvers if it != author), "APPROVER")
    name = project if project == DEFAULT_PROJECT else "FILE.yaml"
    sentence = f"No policy is in force in {project} yet, so raw records wait. Sign one:"
    command = f"veil policy publish {name} -p {project} --as {author} --as {approver}"
    return Group(Text(), Text(sentence, style=WAITING), commands((command, "")))


def _how_to_go_on(project: str, *, detached: bool) -> RenderableType:
    return commands(
        (f"veil publish FILE.jsonl -p {project}", "bring records in"),
        (f"veil audit tail -p {project} --follow", "watch what happens to them"),
        ("veil status", "how each part and process is"),
        ("veil down" if detached else "Ctrl-C", "stop everything; data and keys stay"),
    )
