"""`veil export`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from deploy.cli.factor import ask_factor
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output
from deploy.export.forms import What
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.export_order import ExportForm

if TYPE_CHECKING:
    from deploy.export.joined import Done as Joined
    from deploy.export.sanitized import Done as Sanitized
    from deploy.export.wanted import Wanted

_LEFT_OUT = {
    "unknown": "left out: the index of their segment is gone, so whom they speak of can't be known",
    "moved": "in another part than when they came: later records joined two people's",
    "unreadable": "can't be read, and are left out",
    "ended": "left out: their text has left tasks.P",
    "closed": "left out: their text doesn't open any more",
}
_SPANS = {
    "widened": "spans widened to the whole of the tokens they touch",
    "overlapping": "spans overlap another, and are no entity of their own",
    "nowhere": "spans left out: they mark nothing but white space",
}


def export(
    to: Annotated[
        Path,
        typer.Option("--to", metavar="PLACE", help="A file that isn't there yet; with --split, a folder."),
    ],
    person: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Who you are; the export is on the audit in this name.")
    ],
    what: Annotated[What, typer.Option("--what", help="What to take out.")] = What.JOINED,
    form: Annotated[ExportForm, typer.Option("--format", help="The form.")] = ExportForm.JSONL,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="PARTS", help="Parts and their shares: `train=0.8,dev=0.1,test=0.1`."),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Write a project's labels for those who train models: joined labels in raw coordinates, without a text, or
    sanitized texts with their labels.

    Takes an operator, with their password and a fresh code, and is on the audit before it is written. Texts take
    an order that an approver has signed, too ([cyan]veil grant export[/]). With [cyan]--split[/] records that
    speak of the same person are in the same part, and in the same one each time.

    [dim]Example:[/] [cyan]veil export --as olga --format parquet --split train=0.8,test=0.2 --to labels[/]
    """
    from deploy.export.split import read_split
    from deploy.export.wanted import Wanted

    wanted = Wanted(form, read_split(split) if split else None, to)
    told: dict[str, Any] = {"project": project, "what": what.value, "format": form.value, "to": str(to)}
    told |= _take_out(root, project, person, what, wanted)
    Output(as_json).result(told, *_words(told))


def _take_out(root: Path, project: str, person: str, what: What, wanted: Wanted) -> dict[str, Any]:
    from deploy.export.joined import export_joined
    from deploy.export.sanitized import export_texts

    if what is What.JOINED:
        return _counts(export_joined(root, project, person, wanted, lambda: ask_factor(person)))
    done = export_texts(root, project, person, wanted, lambda: ask_factor(person))
    more = {"order": done.order, "ended": done.ended, "closed": done.closed, "spans_on_tokens": dict(done.tally)}
    return _counts(done) | more


def _counts(done: Joined | Sanitized) -> dict[str, Any]:
    counted = {"unknown": done.unknown, "moved": done.moved, "unreadable": done.unreadable}
    return {"records": done.counts, **counted}


def _words(told: dict[str, Any]) -> list[Text]:
    records: dict[str, int] = told["records"]
    named = "joined labels" if told["what"] == What.JOINED else "texts with their labels"
    words = [Text.assemble(("✓ ", GOOD), f"{sum(records.values()):,} {named} → {told['to']}")]
    if len(records) > 1:
        words += [Text(f"  {part}: {count:,}", style=QUIET) for part, count in records.items()]
    words += [Text(f"! {told[name]:,} {why}", style=WAITING) for name, why in _LEFT_OUT.items() if told.get(name)]
    spans = told.get("spans_on_tokens", {})
    return words + [Text(f"! {spans[it]:,} {why}", style=WAITING) for it, why in _SPANS.items() if spans.get(it)]
