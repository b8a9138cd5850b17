"""`veil status`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Root
from deploy.cli.output import BAD, GOOD, MIB, QUIET, WAITING, Output, PlainTable, heading
from deploy.settings import DEFAULT_ROOT
from streams.audit.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deploy.up.figures import Leaks
    from deploy.up.picture import Picture, Seen

_NUMBERS = ("behind", "transactions", "setbacks", "vault p95", "restarts", "MiB", "pid")
_COLUMNS = ("", "name", "says", *_NUMBERS, "address")
_LEFT_OUT = ("pid", "transactions", "vault p95", "MiB", "restarts", "setbacks", "address", "behind")
"""In a narrow terminal, one after the other; `--json` has all."""
_TASKS = {
    "available": "can be leased",
    "leased": "leased",
    "awaiting": "await a verdict",
    "parked": "parked",
}
_NOT_STARTED = "has a file in projects/, and nothing of it runs: `veil up` starts the projects that it is told"
LATE_S = 60.0
"""From when on an alert says so, too (`deploy/observability/rules.yaml`)."""


def status(root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """How each part and process is: state, pid, restarts, memory, and what it says of itself.

    Exit code 0 when everything runs and works, 1 when something doesn't. What waits for people works, and says so.

    [dim]Example:[/] [cyan]veil status --json | jq '.seen[] | select(.condition != "working")'[/]
    """
    from deploy.up.picture import look

    out = Output(as_json)
    picture = look(root.absolute())
    content = {
        "root": str(picture.root),
        "owner": picture.owner,
        "well": picture.well,
        "not_started": picture.not_started,
    }
    seen = [{**asdict(one), "well": one.well} for one in picture.seen]
    if picture.owner is None:
        out.result({**content, "seen": seen}, Text(f"Nothing runs under {root}."))
    else:
        telling = [one for one in picture.seen if one.why and (one.kind == "process" or not one.well)]
        why = [Text(printable(f"{one.name}: {one.why}"), style=WAITING) for one in telling]
        why += [Text(f"{name}: {_NOT_STARTED}", style=WAITING) for name in picture.not_started]
        words: list[RenderableType] = [
            heading(_title(picture), f"in {root}"),
            Text(),
            _table(picture, out.width),
            *why,
        ]
        words += [Text(printable(line), style=QUIET) for line in _standing(picture)]
        out.result({**content, "seen": seen}, *words)
    if not picture.well:
        raise typer.Exit(Exit.FAILED)


def _title(picture: Picture) -> str:
    if picture.well:
        total = sum(one.memory_bytes or 0 for one in picture.seen)
        waiting = ", ".join(one.name for one in picture.seen if one.figures.stands)
        works = f"Everything works, but people have to act: {waiting}" if waiting else "Everything works"
        return f"{works} ({total / MIB:,.0f} MiB in {len(picture.seen)} processes)"
    if not picture.has_processes:
        return "No process runs yet"
    return f"{sum(not one.well for one in picture.seen)} of {len(picture.seen)} do not work"


def _table(picture: Picture, width: int) -> Table:
    """As much of it as fits."""
    rows = [_row(one) for one in picture.seen]
    for left_out in range(len(_LEFT_OUT) + 1):
        columns = [it for it in _COLUMNS if it not in _LEFT_OUT[:left_out]]
        if sum(_width(name, rows) for name in columns) <= width:
            break
    table = PlainTable(*columns)
    for column in table.columns:
        column.justify = "right" if column.header in _NUMBERS else "left"
    for row in rows:
        table.add_row(*(row[name] for name in columns))
    return table


def _width(name: str, rows: Sequence[Mapping[str, Text]]) -> int:
    return 2 + max([cell_len(name), *(row[name].cell_len for row in rows)])


def _standing(picture: Picture) -> Iterator[str]:
    """A line a project: its queue, how fast that answers, and what is known of how well it is hidden."""
    for one in picture.seen:
        tasks = one.figures.tasks
        if sum(tasks.values()):
            said = ", ".join(f"{tasks[name]} {word}" for name, word in _TASKS.items() if tasks.get(name))
            yield f"{one.name}: open tasks: {said}"
        asked = [("a lease", one.figures.lease_s), ("a label", one.figures.submit_s)]
        if answers := ", ".join(f"to {what} {_time(seconds)}" for what, seconds in asked if seconds is not None):
            yield f"{one.name}: p95 of answers since it began: {answers}"
        if one.figures.texts_in_clear:
            yield f"{one.name}: {one.figures.texts_in_clear:,} texts lie in clear for other queues"
        for of, share in one.figures.redacted.items():
            yield f"{one.name}: {share:.1%} of characters redacted in its last full hour: {of[:60]}"
        for policy, leaks in one.figures.leaks.items():
            yield f"{one.name}: {_exposed(leaks)}, by policy {policy}"


def _exposed(leaks: Leaks) -> str:
    if leaks.values < leaks.least:
        return f"{leaks.values:,} known values counted of the {leaks.least:,} that say what is exposed"
    return f"at most {leaks.bound:.2%} of values exposed (95 %, of {leaks.values:,} known ones)"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _count(figure: int | None) -> Text:
    return Text("–" if figure is None else f"{figure:,}", style=QUIET)


def _behind(seconds: float | None) -> Text:
    if seconds is None:
        return Text("–", style=QUIET)
    return Text(f"{seconds:.1f} s", style=WAITING if seconds > LATE_S else QUIET)


def _row(one: Seen) -> dict[str, Text]:
    style = GOOD if one.well else WAITING if one.state == "running" else BAD
    memory = f"{one.memory_bytes / MIB:,.0f}" if one.memory_bytes else "–"
    vault = one.figures.vault_s
    return {
        "": Text("●", style=style),
        "name": Text(one.name, style="" if one.kind == "process" else QUIET),
        "says": Text(printable(one.condition), style=style),
        "behind": _behind(one.figures.behind_s),
        "transactions": _count(one.figures.transactions),
        "setbacks": _count(one.figures.setbacks),
        "vault p95": Text("–" if vault is None else _time(vault), style=QUIET),
        "restarts": Text(str(one.restarts), style=WAITING if one.restarts else QUIET),
        "MiB": Text(memory),
        "pid": Text(str(one.pid or "–"), style=QUIET),
        "address": Text(one.api_url or one.health_url or "", style="cyan" if one.api_url else QUIET),
    }
