"""`veil audit`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli import audit_lineage
from deploy.cli.command import Command, Commands, flag
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from schemas.audit import AuditEvent
    from streams.audit.chain import Head
    from streams.audit.findings import Finding
    from topology.pins import Pins

app = typer.Typer(cls=Commands, help="What happened, proven from the audit alone.", no_args_is_help=True)
app.add_typer(audit_lineage.app)
FOLLOW_BATCH, FOLLOW_WAIT_S = 500, 0.5
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the export.", show_default=False)]


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
            while not follower.at_end():
                latest.extend(follow_events(follower, reader, FOLLOW_BATCH, FOLLOW_WAIT_S))
            latest.extend(follow_events(follower, reader, FOLLOW_BATCH, 0))
            _print(sorted(latest, key=lambda event: event.time), out)
            while follow:
                _print(follow_events(follower, reader, FOLLOW_BATCH, FOLLOW_WAIT_S), out)
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

    out = Output(as_json)
    with compliance(root) as seen, out.progress_console.status(Text("reading the audit")):
        account = seen.account(project)
    content = report.as_json(account.reconciliation)
    content |= {"holds": account.holds, "findings": [finding.as_json() for finding in account.findings]}
    before = account.findings[: len(account.findings) - len(account.reconciliation.findings)]
    out.result(content, Text(report.text(account.reconciliation)), *_found(before), _verdict(account.holds))
    if not account.holds:
        raise typer.Exit(Exit.FAILED)


@app.command(cls=Command)
def export(
    directory: Directory,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Write a project's audit to files that anyone can verify without Kafka and Vault.

    Keep what [cyan]--json[/] prints, and the pins, elsewhere: a log cut or rewritten since then shows by them.

    [dim]Example:[/] [cyan]veil audit export audit-2026-11 --project demo --json > heads.json[/]
    """
    from deploy.compliance import compliance

    out = Output(as_json)
    with compliance(root) as seen, out.progress_console.status(Text("reading the audit")):
        done, findings = seen.export(project, directory)
    heads = {slot: {"sequence": it.sequence, "digest": it.digest.hex()} for slot, it in done.heads.items()}
    content = {"directory": str(directory), "events": done.events, "files": done.files, "heads": heads}
    content["findings"] = [finding.as_json() for finding in findings]
    words = Text.assemble(("✓ ", GOOD), f"{done.events:,} events of {len(heads)} slots → {directory}")
    out.result(content, words, Text(f"  veil audit verify {directory}", style=QUIET), *_found(findings))
    if findings:
        raise typer.Exit(Exit.FAILED)


@app.command(cls=Command)
def verify(
    directory: Directory,
    pins: Annotated[
        Path | None,
        typer.Option("--pins", metavar="FILE", help="Keys you trust, from a source of your own (pins.json)."),
    ] = None,
    heads: Annotated[
        Path | None,
        typer.Option("--heads", metavar="FILE", help="What an earlier `veil audit export --json` printed."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify an export: files, schema, chains, signatures, reconciliation. Needs neither Kafka nor Vault.

    With [cyan]--heads[/], a log that was cut or rewritten since shows. Without [cyan]--pins[/] the keys in the
    export itself are used: that proves that it is consistent, not whose it is. Exit code 1 where it doesn't hold.

    [dim]Example:[/] [cyan]veil audit verify audit-2026-11 --pins pins.json[/]
    """
    from streams.audit import report
    from streams.audit.verify import verify_export

    if not directory.is_dir():
        raise typer.BadParameter(f"{directory} is no folder", param_hint="DIR")
    trusted = _pins(pins)
    result = verify_export(directory, trusted.keys if trusted else None, _heads(heads))
    content = {**report.as_json(result.reconciliation), "holds": result.holds, "own_pins": result.own_pins}
    content["findings"] = [finding.as_json() for finding in result.findings]
    before = result.findings[: len(result.findings) - len(result.reconciliation.findings)]
    words = [Text(report.text(result.reconciliation)), *_found(before), _verdict(result.holds)]
    if not result.own_pins:
        words.append(Text("  Consistent with the keys in the export; --pins proves whose it is.", style=WAITING))
    Output(as_json).result(content, *words)
    if not result.holds:
        raise typer.Exit(Exit.FAILED)


def _pins(path: Path | None) -> Pins | None:
    from topology.pins import load_pins

    if path is not None and not path.is_file():
        raise typer.BadParameter(f"{path} is no file", param_hint="--pins")
    return None if path is None else load_pins(path)


def _heads(path: Path | None) -> dict[str, Head]:
    from schemas.errors import ConfigError
    from streams.audit.chain import Head

    if path is None:
        return {}
    try:
        kept = json.loads(path.read_bytes())["heads"].items()
        return {str(slot): Head(int(it["sequence"]), bytes.fromhex(it["digest"])) for slot, it in kept}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{path}: holds no heads as `veil audit export --json` prints them") from None


def _print(events: Iterable[AuditEvent], out: Output) -> None:
    from streams.audit import tail as lines

    for event in events:
        if out.as_json:
            out.json_line(lines.as_json(event))
        else:
            out.line(_coloured(lines.line(event), event))


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


def _verdict(holds: bool) -> Text:
    if holds:
        return Text.assemble(("✓ ", GOOD), "Every event is in its chain, every head is signed, and all adds up.")
    return Text("✗ This audit does not hold.", style=BAD)
