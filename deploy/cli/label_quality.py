"""`veil label quality` and `veil label readmit`: what gold has shown, and letting a person in again."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output, PlainTable, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.cloudevents import rfc3339

if TYPE_CHECKING:
    from deploy.gold_quality import PolicyQuality
    from streams.audit.quality import Quality


def quality(project: Project = DEFAULT_PROJECT, root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """What gold has shown, from the audit alone: the live leak bound of each policy, and who is paused.

    The bound is what the share of leaked values does not exceed, with 95 % confidence. With few values it is high
    whatever the redactor does.

    [dim]Example:[/] [cyan]veil label quality --project demo[/]
    """
    from deploy.gold_quality import read

    found, policies = read(root, project)
    content = {
        "project": project,
        "gold_published": found.published,
        "policies": [one.as_json() for one in policies],
        "paused": [asdict(one) for one in found.paused],
    }
    Output(as_json).result(content, *_words(project, found, policies))


def _words(project: str, found: Quality, policies: list[PolicyQuality]) -> list[RenderableType]:
    scored = sum(one.records for one in found.total.values())
    words: list[RenderableType] = [
        heading(f"Gold of {project}", f"{found.published:,} published, {scored:,} scored")
    ]
    table = PlainTable("policy", "values", "leaked", "leak bound", "limit", "answers right")
    for one in policies:
        counts = one.counts
        right = f"{counts.matched / counts.questions:.1%}" if counts.questions else "–"
        limit = "–" if one.limit is None else f"{one.limit:.1%}"
        bound = f"{counts.bound:.2%}" if counts.values else "–"
        table.add_row(one.name, f"{counts.values:,}", f"{counts.leaked:,}", bound, limit, right)
    if policies:
        words.append(table)
    if any(one.early for one in policies):
        words.append(Text("  too few values yet for the limit to count; see `gold: {least: …}`", style=QUIET))
    for pause in found.paused:
        since = rfc3339(pause.since)
        words.append(
            Text(
                f"  {pause.person} is paused since {since}: {pause.matched} of {pause.answered} right",
                style=WAITING,
            )
        )
    return words


def readmit(
    who: Annotated[str, typer.Argument(metavar="PERSON", help="Who may label again.", show_default=False)],
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Let a person label again who was paused for their answers on gold. What they answered before counts no more.

    Signed by an operator.

    [dim]Example:[/] [cyan]veil label readmit ann-2 --as olga --project demo[/]
    """
    from deploy.readmitting import readmit as order

    key = order(root, project, who, person)
    content: Mapping[str, object] = {"person": who, "ordered_by": person, "control_key": key}
    Output(as_json).result(
        content,
        Text.assemble(("✓ ", GOOD), f"Ordered: {who} gets tasks again."),
        Text("  veil audit tail --follow shows decide's person.resumed", style=QUIET),
    )
