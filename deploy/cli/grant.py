"""`veil grant`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.factor import ask_factor
from deploy.cli.moments import moment
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, NAME, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.errors import ConfigError
from schemas.grants import GrantAnswer, GrantPurpose, GrantReason

if TYPE_CHECKING:
    from deploy.granting import Seen
    from topology.grants import Grant

app = typer.Typer(
    cls=Commands,
    help="See what one task's placeholders stand for, once, if two others agree.",
    no_args_is_help=True,
)
GrantName = Annotated[
    str, typer.Argument(metavar="GRANT", help="Its name, or the beginning of it.", show_default=False)
]


@app.callback()
def grant() -> None:
    """See what one task's placeholders stand for, once, if two others agree."""


@app.command(cls=Command)
def request(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="Task id, 32 hexadecimal digits.", show_default=False)
    ],
    person: As,
    purpose: Annotated[GrantPurpose, typer.Option("--purpose", help="What the values are needed for.")],
    reason: Annotated[GrantReason, typer.Option("--reason", help="Why the redacted text is not enough.")],
    minutes: Annotated[
        int, typer.Option("--minutes", metavar="N", min=1, max=480, help="How long it may be opened.")
    ] = 60,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Ask to see a task's original values. It takes one approver of each of the two groups to agree.

    [dim]Example:[/] [cyan]veil grant request 0f6a…e1 --as rita --purpose label_dispute --reason meaning_lost[/]
    """
    from deploy.granting import request as ask
    from deploy.persons import acting_in

    with acting_in(root, project, person) as around:
        found = ask(around, task, purpose, reason, minutes * 60_000)
        _tell(Output(as_json), project, around.clock.now(), found)


@app.command(cls=Command)
def approve(
    name: GrantName,
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Agree, with your password and a fresh code, and hand over your group's share of this one task's key.

    [dim]Example:[/] [cyan]veil grant approve 3b90c2 --as abel[/]
    """
    from deploy.granting import approve as agree
    from deploy.granting import find
    from deploy.persons import acting_in

    with acting_in(root, project, person) as around:
        agree(around, find(around, name), lambda: ask_factor(person))
        _tell(Output(as_json), project, around.clock.now(), find(around, name))


@app.command(cls=Command)
def deny(
    name: GrantName,
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Say no, as an approver: it is over, whoever else approves.

    [dim]Example:[/] [cyan]veil grant deny 3b90c2 --as berta[/]
    """
    _end(Output(as_json), root, project, person, name, GrantAnswer.DENY)


@app.command(cls=Command)
def revoke(
    name: GrantName,
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """End one, as an approver, or your own: it takes effect at once, and what was not taken is destroyed.

    [dim]Example:[/] [cyan]veil grant revoke 3b90c2 --as rita[/]
    """
    _end(Output(as_json), root, project, person, name, GrantAnswer.REVOKE)


@app.command(name="list", cls=Command)
def list_(project: Project = DEFAULT_PROJECT, root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """Show all grants, the earliest first: who wants which task for what, who has said what, how it ended.

    [dim]Example:[/] [cyan]veil grant list --project demo[/]
    """
    from deploy.compliance import audit_topic, compliance
    from deploy.granting import Seen, by_grant
    from streams.audit.reader import Reader, read_events
    from streams.engine.clock import SystemClock

    with compliance(root) as seen:
        seen.topology.project(project)
        found = seen.book().grants(project).every()
        said = by_grant(read_events(seen.log, Reader(seen.codec), [audit_topic(project)]))
    now = SystemClock().now()
    rows = [(one, said.get(one.grant_id, Seen())) for one in found]
    words = [_words(now, one, its) for one, its in rows] or [Text(f"{project} has no grants", style=QUIET)]
    Output(as_json).result([_as_json(now, one, its) for one, its in rows], *words)


@app.command(name="open", cls=Command)
def open_(
    name: GrantName,
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show the values, once, on your terminal and nowhere else; it takes your password and a fresh code.

    [dim]Example:[/] [cyan]veil grant open 3b90c2 --as rita[/]
    """
    from deploy.granting import find, printable, see
    from deploy.persons import acting_in

    if not sys.stdout.isatty():
        raise ConfigError("values are shown on a terminal alone: standard output is a file or another program")
    with acting_in(root, project, person) as around:
        found = see(around, find(around, name), lambda: ask_factor(person)).by_name
    values = {printable(placeholder): printable(value) for placeholder, value in sorted(found.items())}
    shown = (Text.assemble((placeholder, NAME), "  ", value) for placeholder, value in values.items())
    Output(as_json).result(values, *shown)


@app.command(cls=Command)
def code(
    person: Annotated[
        str, typer.Option("--person", metavar="PERSON", help="Whose code; one of those whom veil up has invited.")
    ],
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Print the second factor's code of the moment for somebody whom [cyan]veil up[/] has invited to grants.

    Their password is in the same invitation, [cyan]signin/grants.PERSON.json[/]. A code holds for half a minute,
    and once.

    [dim]Example:[/] [cyan]veil grant code --person abel[/]
    """
    from deploy.cli.codes import tell_code_of
    from deploy.signin.invitation import grants_name

    tell_code_of(root, grants_name(person), person, "grants", as_json)


def _end(out: Output, root: Path, project: str, person: str, name: str, answer: GrantAnswer) -> None:
    from deploy.granting import end, find
    from deploy.persons import acting_in

    with acting_in(root, project, person) as around:
        end(around, find(around, name), answer)
        _tell(out, project, around.clock.now(), find(around, name))


def _tell(out: Output, project: str, now: int, found: Grant) -> None:
    from deploy.granting import Seen

    out.result({"project": project, **_as_json(now, found, Seen())}, _words(now, found, Seen()))


def _state(now: int, found: Grant, seen: Seen) -> str:
    """`denied`, `revoked`, `opened`, `over`, `impossible`, `in force`, `waiting`."""
    if found.denied:
        return "denied"
    if found.revoked:
        return "revoked"
    if seen.revealed:
        return "opened"
    if now >= found.request.until:
        return "over"
    if seen.failed:
        return "impossible"
    return "in force" if found.in_force(now) else "waiting"


def _as_json(now: int, found: Grant, seen: Seen) -> dict[str, object]:
    asked = found.request
    return {
        "grant": found.grant_id,
        "state": _state(now, found, seen),
        "task": asked.task_id,
        "requester": asked.requester,
        "purpose": asked.purpose.value,
        "reason": asked.reason.value,
        "since": asked.since,
        "until": asked.until,
        "approved_a": sorted(found.approved[0]),
        "approved_b": sorted(found.approved[1]),
        "ended_by": sorted(found.ended_by),
        "revealed": seen.revealed,
        "failed": seen.failed,
    }


def _words(now: int, found: Grant, seen: Seen) -> Text:
    from deploy.granting import waiting_for

    asked, state = found.request, _state(now, found, seen)
    style = GOOD if state in {"in force", "opened"} else WAITING
    words = Text.assemble((found.grant_id[:12], NAME), "  ", (state, style), f"  task {asked.task_id}")
    words.append(
        f"\n  {asked.requester}: {asked.purpose.value}, {asked.reason.value}; until {moment(asked.until)} UTC",
        style=QUIET,
    )
    if state == "waiting":
        words.append(f"; waits for {' and '.join(waiting_for(found))}", style=QUIET)
    if found.ended_by:
        words.append(f"; ended by {', '.join(sorted(found.ended_by))}", style=QUIET)
    return words
