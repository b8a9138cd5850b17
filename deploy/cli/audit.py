"""`veil audit`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli import audit_alerts, audit_lineage, audit_two_sided, audit_verify
from deploy.cli.command import Command, Commands, flag
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.compliance import Account
    from schemas.audit import AuditEvent
    from streams.audit.export import Exported
    from streams.audit.findings import Finding
    from streams.audit.reader import Reader

app = typer.Typer(cls=Commands, help="What happened, proven from the audit alone.", no_args_is_help=True)
app.add_typer(audit_lineage.app)
app.command(cls=Command)(audit_verify.verify)
app.command(cls=Command)(audit_alerts.alerts)
app.command("two-sided", cls=Command)(audit_two_sided.two_sided)
FOLLOW_BATCH, FOLLOW_WAIT_S = 500, 0.5
Place = Annotated[
    str, typer.Argument(metavar="PLACE", help="Folder of the export, or s3://bucket/prefix.", show_default=False)
]


@app.command(cls=Command)
def tail(
    project: Project = DEFAULT_PROJECT,
    last: Annotated[
        int, typer.Option("--last", "-n", min=0, metavar="N", help="How many of the latest events.")
    ] = 20,
    follow: Annotated[bool, flag("--follow", "-f", text="Go on with new ones until Ctrl-C.")] = False,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show the latest events of a project, one a line: when, who, what, on which resource. No event holds a value.

    ✓ marks the signed head of a transaction.

    [dim]Example:[/] [cyan]veil audit tail --project demo --follow[/]
    """
    from deploy.compliance import audit_topic, compliance
    from streams.audit.reader import Reader, follow_events

    out = Output(as_json)
    with compliance(root) as seen:
        follower = seen.log.follow([audit_topic(seen.topology.project(project).name)])
        reader = Reader(seen.codec)
        latest: deque[AuditEvent] = deque(maxlen=last)
        try:
            ends = follower.ends()  # as it is now: where much is written, there is always something after it
            while not follower.passed(ends):
                latest.extend(follow_events(follower, reader, FOLLOW_BATCH, FOLLOW_WAIT_S))
            latest.extend(follow_events(follower, reader, FOLLOW_BATCH, 0))
            _print(sorted(latest, key=lambda event: event.time), out)
            _note_odd(reader, project, out)
            while follow:
                _print(follow_events(follower, reader, FOLLOW_BATCH, FOLLOW_WAIT_S), out)
                _note_odd(reader, project, out)
        except KeyboardInterrupt:
            return
        finally:
            follower.close()


@app.command(cls=Command)
def reconcile(
    project: Project = DEFAULT_PROJECT, root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False
) -> None:
    """Prove from the audit alone that each raw record became exactly one thing. Exit code 1 where it doesn't.

    Checks every event's form, its place in its chain, the signatures, and that all of it adds up.

    [dim]Example:[/] [cyan]veil audit reconcile --project demo[/]
    """
    from deploy.compliance import compliance
    from streams.audit import report
    from streams.engine.clock import SystemClock

    out = Output(as_json)
    with compliance(root) as seen, out.progress_console.status(Text("reading the audit")):
        account = seen.account(project, SystemClock().now())
    content = report.as_json(account.reconciliation)
    content |= {"holds": account.holds, "findings": [finding.as_json() for finding in account.findings]}
    content["not_here"] = [note.as_json() for note in account.expired]
    content["awaited"] = [finding.as_json() for finding in account.awaited]
    before = account.findings[: len(account.findings) - len(account.reconciliation.findings)]
    words = [Text(report.text(account.reconciliation)), *_found(before)]
    later = (*report.noted(account.expired), *report.awaited(account.awaited))
    words += [Text(line, style=WAITING) for line in later]
    out.result(content, *words, _verdict(account))
    if not account.holds:
        raise typer.Exit(Exit.FAILED)


@app.command(cls=Command)
def export(
    place: Place,
    projects: Annotated[
        list[str] | None,
        typer.Option(
            "--project", "-p", metavar="P", help="A project; may be given again. None: all, and the platform."
        ),
    ] = None,
    follow: Annotated[bool, flag("--follow", "-f", text="Go on with new checkpoints until Ctrl-C.")] = False,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Write what is sealed of the audit to files that anyone can verify without Kafka and Vault (C2SP tlog-tiles).

    Into the same place again, it goes on where it was. Keep what [cyan]--json[/] prints, and the pins, elsewhere:
    a log cut or rewritten since then shows by them. Exit code 1 where a log isn't what the sealer has signed.

    [dim]Example:[/] [cyan]veil audit export audit-2026-11 --json > kept.json[/]
    """
    from deploy.compliance import compliance
    from deploy.exports import export_at
    from schemas.errors import ConfigError
    from streams.audit.index import BadIndex

    out = Output(as_json)
    try:
        with compliance(root) as seen, seen.exporter(export_at(place), projects or ()) as exporter:
            with out.progress_console.status(Text("reading the audit")):
                done = exporter.extend(seen.checkpoints())
            _exported(done, place, out)
            failed = bool(done.findings)
            with suppress(KeyboardInterrupt):
                for more in seen.follow_export(exporter) if follow else ():
                    failed |= bool(more.findings)
                    if more.new or more.findings:
                        _exported(more, place, out)
    except BadIndex as error:
        raise ConfigError(f"{place}: {error}; export to another place") from None
    if failed:
        raise typer.Exit(Exit.FAILED)


def _exported(done: Exported, place: str, out: Output) -> None:
    notes = {origin: data.decode() for origin, data in done.checkpoints.items()}
    content = {"place": place, "events": done.events, "new": done.new, "checkpoints": notes}
    content["logs"] = {name: place.size for name, place in sorted(done.logs.items())}
    content["findings"] = [finding.as_json() for finding in done.findings]
    logs = f"{len(notes)} log{'' if len(notes) == 1 else 's'}"
    words = Text.assemble(("✓ ", GOOD), f"{done.events:,} events in {logs}, {done.new:,} of them new → {place}")
    out.result(content, words, Text(f"  veil audit verify {place}", style=QUIET), *_found(done.findings))


def _print(events: Iterable[AuditEvent], out: Output) -> None:
    from streams.audit import tail as lines

    for event in events:
        if out.as_json:
            out.json_line(lines.as_json(event))
        else:
            out.line(_coloured(lines.line(event), event))


def _note_odd(reader: Reader, project: str, out: Output) -> None:
    """Beside the lines: what is no event is in none of them."""
    if odd := len(reader.findings):
        reader.findings.clear()
        what = f"{odd:,} record{'' if odd == 1 else 's'} that can't be read, or whose headers disagree"
        out.note(f"{what}: veil audit reconcile --project {project} names them")


def _coloured(line: str, event: AuditEvent) -> Text:
    text = Text(line)
    text.highlight_regex(r"^\S+", QUIET)
    text.highlight_words([event.type.value], "cyan")
    if event.decision.value == "deny" or event.outcome != "success":
        text.highlight_words([event.outcome, "denied"], BAD)
    text.highlight_regex(r"✓$", GOOD)
    return text


def _found(findings: Iterable[Finding]) -> list[Text]:
    from streams.audit import report

    return [Text(line, style=BAD) for line in report.listed(tuple(findings))]


def _verdict(account: Account) -> Text:
    if account.holds:
        here = " that is here" if account.expired else ""
        words = f"Every event{here} is in its chain, every head{here} is signed, and all adds up."
        return Text.assemble(("✓ ", GOOD), words)
    return Text("✗ This audit does not hold.", style=BAD)
