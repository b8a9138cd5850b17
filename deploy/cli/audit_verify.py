"""`veil audit verify`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from deploy.cli.exits import Exit
from deploy.cli.options import AsJson
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output

if TYPE_CHECKING:
    from streams.audit.note import Verifier
    from streams.audit.verify import Part, Verification
    from topology.pins import Pins


class Depth(StrEnum):
    """As `streams.audit.verify.Depth`, in words."""

    TREE = "tree"
    CHAINS = "chains"
    WHOLE = "whole"


def verify(
    place: Annotated[
        str,
        typer.Argument(metavar="PLACE", help="Folder of the export, or s3://bucket/prefix.", show_default=False),
    ],
    log: Annotated[
        str | None, typer.Option("--log", metavar="NAME", help="One log only, by its folder: audit.demo-0.")
    ] = None,
    entries: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="A:B",
            help="Entries A to B - 1 of that log, and whatever lies in bundles with them; tree only.",
        ),
    ] = None,
    kept: Annotated[
        list[Path] | None,
        typer.Option("--kept", metavar="FILE", help="A checkpoint, or what `veil audit export --json` printed."),
    ] = None,
    witnesses: Annotated[
        list[str] | None,
        typer.Option("--witness", metavar="KEY", help="Key of a witness that has cosigned; may be given again."),
    ] = None,
    pins: Annotated[
        Path | None,
        typer.Option("--pins", metavar="FILE", help="Keys you trust, from a source of your own (pins.json)."),
    ] = None,
    depth: Annotated[
        Depth, typer.Option("--depth", help="Bytes against roots; events in chains, too; that all adds up, too.")
    ] = Depth.WHOLE,
    as_json: AsJson = False,
) -> None:
    """Verify an export: checkpoints, trees, chains, signatures, that all adds up. Needs neither Kafka nor Vault.

    What was edited, dropped, moved or inserted is named by its place. With [cyan]--kept[/] or [cyan]--witness[/],
    a log that was cut or rewritten shows. Without [cyan]--pins[/] the keys in the export itself are used: that
    proves that it is consistent, not whose it is. Exit code 1 where it doesn't hold.

    [dim]Example:[/] [cyan]veil audit verify audit-2026-11 --pins pins.json --kept kept.json[/]
    """
    from deploy.exports import export_at, is_folder
    from streams.audit import report
    from streams.audit.verify import Trust, verify_export
    from streams.engine.clock import SystemClock

    if is_folder(place) and not Path(place).is_dir():
        raise typer.BadParameter(f"{place} is no folder", param_hint="PLACE")
    trusted = _pins(pins)
    notes = tuple(note for path in kept or () for note in _notes(path))
    trust = Trust(trusted.keys if trusted else None, notes, tuple(_witness(key) for key in witnesses or ()))
    part, out = _part(depth, log, entries), Output(as_json)
    with _bar(out) as progress:
        result = verify_export(export_at(place), trust, part, progress, SystemClock().now())
    words = [Text(report.text(it)) for _, it in sorted(result.reconciliations.items())]
    first = len(result.findings) - sum(len(it.findings) for it in result.reconciliations.values())
    words += [Text(line, style=BAD) for line in report.listed(result.findings[:first])]
    words += [Text(line, style=WAITING) for line in report.noted(result.expired)]
    words += [Text(line, style=WAITING) for line in report.awaited(result.awaited)]
    out.result(_content(result), *words, *_verdict(result, _reached(depth, log, entries)))
    if not result.holds:
        raise typer.Exit(Exit.FAILED)


def _content(result: Verification) -> dict[str, object]:
    from streams.audit import report

    logs = {name: (it.checkpoint.size, it.checkpoint.root.hex()) for name, it in result.logs.items()}
    return {
        "holds": result.holds,
        "own_pins": result.own_pins,
        "entries": result.entries,
        "logs": {name: {"size": size, "root": root} for name, (size, root) in logs.items()},
        "witnessed": {name: dict(times) for name, times in result.witnessed.items()},
        "unfinished": list(result.unfinished),
        "projects": {name: report.as_json(it) for name, it in sorted(result.reconciliations.items())},
        "findings": [finding.as_json() for finding in result.findings],
        "not_here": [note.as_json() for note in result.expired],
        "awaited": [finding.as_json() for finding in result.awaited],
    }


_HOLDS = {
    Depth.TREE: "what the sealer has signed",
    Depth.CHAINS: "what the sealer has signed, every event is in its chain, every head is signed",
    Depth.WHOLE: "what the sealer has signed, every event is in its chain, every head is signed, and all adds up",
}


def _reached(depth: Depth, log: str | None, entries: str | None) -> Depth:
    """How deep a part can be looked into: one log doesn't add up by itself, and a range has no whole chains."""
    if entries is not None:
        return Depth.TREE
    return Depth.CHAINS if log is not None and depth is Depth.WHOLE else depth


def _verdict(result: Verification, depth: Depth) -> Iterator[Text]:
    if not result.holds:
        yield Text("✗ This audit does not hold.", style=BAD)
        return
    logs = f"{len(result.logs)} log{'' if len(result.logs) == 1 else 's'}"
    yield Text.assemble(("✓ ", GOOD), f"{result.entries:,} entries of {logs} are {_HOLDS[depth]}.")
    for name in result.unfinished:
        yield Text(f"  {name}: an export was interrupted; the next one goes on.", style=WAITING)
    for name, times in result.witnessed.items():
        for witness, seconds in times.items():
            yield Text(f"  {name}: {witness} has seen it {_when(seconds)}", style=QUIET)
    if not result.own_pins:
        yield Text("  Consistent with the keys in the export; --pins proves whose it is.", style=WAITING)


def _when(seconds: int) -> str:
    """The time a witness states; as the bare number where that is beyond the year 9999."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"at {seconds} s"


@contextmanager
def _bar(out: Output) -> Iterator[Callable[[int, int], None]]:
    columns = TextColumn("verifying"), BarColumn(), TaskProgressColumn(), MofNCompleteColumn()
    with Progress(*columns, console=out.progress_console, transient=True) as bar:
        task = bar.add_task("verifying", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _part(depth: Depth, log: str | None, entries: str | None) -> Part:
    from streams.audit.verify import Depth as Levels
    from streams.audit.verify import Part

    level = Levels[depth.name]
    if entries is None:
        return Part(level, log)
    first, _, end = entries.partition(":")
    if log is None or not first.isdecimal() or not end.isdecimal() or int(first) >= int(end):
        raise typer.BadParameter("two numbers A:B, of the log that --log names", param_hint="--range")
    return Part(Levels.TREE, log, int(first), int(end))


def _pins(path: Path | None) -> Pins | None:
    from topology.pins import load_pins

    if path is not None and not path.is_file():
        raise typer.BadParameter(f"{path} is no file", param_hint="--pins")
    return None if path is None else load_pins(path)


def _witness(key: str) -> Verifier:
    from streams.audit.note import Algorithm, BadNote, Verifier

    try:
        verifier = Verifier.parse(key)
    except BadNote as error:
        raise typer.BadParameter(str(error), param_hint="--witness") from None
    if verifier.algorithm is not Algorithm.COSIGNATURE:
        raise typer.BadParameter(f"{verifier.name} is no witness's key", param_hint="--witness")
    return verifier


def _notes(path: Path) -> list[bytes]:
    """The checkpoints in a file: one as it is, or those that `veil audit export --json` printed."""
    if not path.is_file():
        raise typer.BadParameter(f"{path} is no file", param_hint="--kept")
    data = path.read_bytes()
    if not data.lstrip().startswith(b"{"):
        return [data]
    try:
        return [str(text).encode() for text in json.loads(data)["checkpoints"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise typer.BadParameter(f"{path} holds no checkpoints", param_hint="--kept") from None
