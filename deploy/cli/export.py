"""`veil export`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.factor import ask_factor
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output
from deploy.export.forms import Form, What
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.export.joined import Done


def export(
    to: Annotated[
        Path,
        typer.Option("--to", metavar="PLACE", help="A file that isn't there yet; with --split, a folder."),
    ],
    person: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Who you are; the export is on the audit in this name.")
    ],
    what: Annotated[What, typer.Option("--what", help="What to take out.")] = What.JOINED,
    form: Annotated[Form, typer.Option("--format", help="The form.")] = Form.JSONL,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="PARTS", help="Parts and their shares: `train=0.8,dev=0.1,test=0.1`."),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Write a project's labels for those who train models: joined labels, in raw coordinates, without a text.

    Takes an operator, with their password and a fresh code, and is on the audit before it is written. With
    [cyan]--split[/] records that speak of the same person are in the same part, and in the same one each time.

    [dim]Example:[/] [cyan]veil export --as olga --format parquet --split train=0.8,test=0.2 --to labels[/]
    """
    from deploy.export.joined import Wanted, export_joined
    from deploy.export.split import read_split

    wanted = Wanted(form, read_split(split) if split else None, to)
    done = export_joined(root, project, person, wanted, lambda: ask_factor(person))
    told = {
        "project": project,
        "what": what.value,
        "format": form.value,
        "to": str(to),
        "labels": done.counts,
        "unknown": done.unknown,
        "moved": done.moved,
        "unreadable": done.unreadable,
    }
    Output(as_json).result(told, *_words(done, to))


def _words(done: Done, to: Path) -> list[Text]:
    words = [Text.assemble(("✓ ", GOOD), f"{sum(done.counts.values()):,} joined labels → {to}")]
    if len(done.counts) > 1:
        words += [Text(f"  {part}: {count:,}", style=QUIET) for part, count in done.counts.items()]
    if done.unknown:
        left = "left out: the index of their segment is gone, so whom they speak of can't be known"
        words.append(Text(f"! {done.unknown:,} {left}", style=WAITING))
    if done.moved:
        why = "in another part than when they came: later records joined two people's"
        words.append(Text(f"! {done.moved:,} {why}", style=WAITING))
    if done.unreadable:
        words.append(Text(f"! {done.unreadable:,} can't be read, and are left out", style=WAITING))
    return words
