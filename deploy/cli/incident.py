"""`veil incident`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.exits import Exit
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.incidents import Story
    from schemas.audit import AuditEvent
    from streams.audit.incidents import Incident

app = typer.Typer(cls=Commands, help="What has to be looked into, until it is closed.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The incident.", show_default=False)]


@app.callback()
def incident() -> None:
    """What has to be looked into, until it is closed."""


@app.command("open", cls=Command)
def open_(
    person: As,
    alert: Annotated[
        str,
        typer.Option(
            "--alert", metavar="ID", help="An alert, or the platform's; eight digits of its id are enough."
        ),
    ] = "",
    playbook: Annotated[
        str, typer.Option("--playbook", metavar="NAME", help="What to do; none: the one that the alert names.")
    ] = "",
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            formats=["%Y-%m-%dT%H:%M:%S"],
            help="From when on it is looked into (UTC); none: since the alert began, or an hour ago.",
        ),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Open an incident about an alert, or by a playbook. It is on the audit, signed by you.

    [dim]Example:[/] [cyan]veil incident open --alert 4e0a91c7 --as olga --project demo[/]
    """
    from deploy.incidents import open_incident, story

    begin = int(since.replace(tzinfo=UTC).timestamp() * 1000) if since else 0
    made = open_incident(root, project, person, alert=alert, playbook=playbook, since=begin)
    _tell(Output(as_json), story(root, project, made))


@app.command(cls=Command)
def status(
    incident_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="One of them; none: all, a line each.", show_default=False)
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """The incidents of a project; of one its playbook, and what happened since, from the audit.

    [dim]Example:[/] [cyan]veil incident status 2026-11-26-9c0fd1e2 --project demo[/]
    """
    from deploy.incidents import all_incidents, story

    out = Output(as_json)
    if incident_id is not None:
        _tell(out, story(root, project, incident_id))
        return
    found = all_incidents(root, project)
    words = [_line(one) for one in found] or [Text(f"Nobody has opened an incident in {project}.", style=QUIET)]
    out.result({"project": project, "incidents": [asdict(one) for one in found]}, *words)


@app.command(cls=Command)
def step(
    incident_id: Id,
    number: Annotated[int, typer.Argument(metavar="STEP", min=1, help="Of its playbook.", show_default=False)],
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Say that you have done a step of the playbook.

    [dim]Example:[/] [cyan]veil incident step 2026-11-26-9c0fd1e2 1 --as olga --project demo[/]
    """
    from deploy.incidents import tick_off

    _tell(Output(as_json), tick_off(root, project, person, incident_id, number))


@app.command(cls=Command)
def preserve(
    incident_id: Id,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.", show_default=False)],
    person: As,
    export: Annotated[
        str | None,
        typer.Option(
            "--export",
            metavar="PLACE",
            help="An export of the audit that goes back further than Kafka does: it is copied, and gone on with.",
        ),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Put the evidence aside, signed by you: files that anyone can verify, and that hold no value.

    All of the project's audit up to now, with alerts, metrics, orders and policies. It waits for the sealer.

    [dim]Example:[/] [cyan]veil incident preserve 2026-11-26-9c0fd1e2 evidence --as olga --project demo[/]
    """
    from deploy.exports import export_at
    from deploy.preserving import preserve as put_aside

    earlier = None if export is None else export_at(export)
    kept = put_aside(root, project, person, incident_id, folder, earlier)
    Output(as_json).result(
        {
            "incident": incident_id,
            "directory": str(folder),
            "manifest": kept.manifest,
            "files": kept.files,
            "events": kept.events,
        },
        Text.assemble(("✓ ", GOOD), f"{kept.files} files, {kept.events:,} audit events among them → {folder}"),
        Text(f"  veil incident verify {folder}", style=QUIET),
    )


@app.command(cls=Command)
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What was put aside.", show_default=False)],
    pins: Annotated[
        Path | None,
        typer.Option("--pins", metavar="FILE", help="Keys you trust, from a source of your own (pins.json)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify evidence: files, signatures, the audit, what follows from it. Needs neither Kafka nor Vault.

    Without [cyan]--pins[/] the keys in it are used: that proves that it is consistent, not whose it is. Exit code
    1 where it doesn't hold.

    [dim]Example:[/] [cyan]veil incident verify evidence --pins pins.json[/]
    """
    from streams.audit import report
    from streams.audit.evidence_check import verify_evidence
    from streams.audit.store import Directory
    from streams.engine.clock import SystemClock
    from topology.pins import load_pins

    for path, what in ((folder, "DIR"), (pins, "--pins")):
        if path is not None and not path.exists():
            raise typer.BadParameter(f"{path} is not there", param_hint=what)
    trusted = None if pins is None else load_pins(pins).keys
    found = verify_evidence(Directory(folder), Directory(folder / "audit"), trusted, SystemClock().now())
    content = {
        "holds": found.holds,
        "incident": found.incident,
        "project": found.project,
        "person": found.person,
        "files": found.files,
        "entries": found.audit.entries,
        "closed": found.closed,
        "own_pins": trusted is not None,
        "findings": [one.as_json() for one in found.findings],
        "not_here": [note.as_json() for note in found.audit.expired],
        "awaited": [one.as_json() for one in found.audit.awaited],
    }
    if not found.holds:
        wrong = [Text(f"  ✗ {one}", style=BAD) for one in found.findings]
        Output(as_json).result(content, *wrong, Text("✗ This evidence does not hold.", style=BAD))
        raise typer.Exit(Exit.FAILED)
    said = f"{found.incident} of {found.project}: {found.files} files and {found.audit.entries:,} audit events"
    words = [Text.assemble(("✓ ", GOOD), f"{said} are what {found.person} has signed.")]
    later = (*report.noted(found.audit.expired), *report.awaited(found.audit.awaited))
    words += [Text(line, style=WAITING) for line in later]
    if trusted is None:
        words.append(Text("  Consistent with the keys in it; --pins proves whose it is.", style=WAITING))
    Output(as_json).result(content, *words)


@app.command(cls=Command)
def close(
    incident_id: Id,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What was put aside for it.", show_default=False)],
    person: As,
    lessons: Annotated[
        Path, typer.Option("--lessons", metavar="FILE", help="A text: what was learned.", show_default=False)
    ],
    change: Annotated[
        str,
        typer.Option(
            "--change",
            metavar="REF",
            help="What was changed: a commit, a policy version (demo@3), the key of an order.",
            show_default=False,
        ),
    ],
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Close an incident: with what was learned, and what was changed.

    The text goes to the evidence, signed by you; the audit gets its hash alone, since a text may quote content.

    [dim]Example:[/] [cyan]veil incident close 2026-11-26-9c0fd1e2 kept --as olga --lessons l.md --change demo@3[/]
    """
    from deploy.incidents import close_incident

    if not lessons.is_file():
        raise typer.BadParameter(f"{lessons} is no file", param_hint="--lessons")
    found = close_incident(
        root, project, person, incident_id, folder=folder, lessons=lessons.read_bytes(), change=change
    )
    Output(as_json).result(asdict(found), _line(found))


def _tell(out: Output, found: Story) -> None:
    out.result(
        asdict(found.incident)
        | {"steps_of_playbook": list(found.playbook.steps), "timeline": [_event(one) for one in found.timeline]},
        *_words(found),
    )


def _words(found: Story) -> Iterator[Text]:
    from streams.audit import tail

    yield _line(found.incident)
    yield Text("")
    yield heading(found.playbook.title, f"playbook {found.playbook.name}")
    for number, words in enumerate(found.playbook.steps, 1):
        by = found.incident.steps.get(number)
        done = f"  {by.person}, {_when(by.at)}" if by else ""
        yield Text.assemble(("✓ " if by else "· ", GOOD if by else WAITING), f"{number}. {words}", (done, QUIET))
    yield Text("")
    for event in found.timeline:
        yield Text(tail.line(event), style=QUIET, no_wrap=True)


def _event(event: AuditEvent) -> dict[str, object]:
    from streams.audit import tail

    return tail.as_json(event)


def _line(one: Incident) -> Text:
    kept = f", evidence {len(one.preserved)}" if one.preserved else ""
    if one.closed is not None:
        ended = f"closed by {one.closed.by.person} {_when(one.closed.by.at)}, changed: {one.closed.change}"
        return Text.assemble(("✓ ", GOOD), f"{one.incident_id} {one.playbook}: {ended}{kept}")
    opened = f"opened by {one.opened.person} {_when(one.opened.at)}"
    return Text.assemble(("! ", WAITING), f"{one.incident_id} {one.playbook}: {opened}, not closed{kept}")


def _when(at: int) -> str:
    """As the bare number where somebody wrote a time beyond the year 9999."""
    try:
        return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"at {at} ms"
