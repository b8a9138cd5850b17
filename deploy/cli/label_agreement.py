"""`veil label agreement`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from deploy.cli.label_studio import left_out
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import QUIET, Output, PlainTable, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from streams.decide.agreement_report import AgreementReport


def agreement(
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show how far people agree over all verdicts: Krippendorff's alpha, Fleiss' and Cohen's kappa, span F1.

    Read by an operator, and on the audit. Coefficients over fewer than ten tasks are left out. Agreement is no
    proof of being right: gold is ([cyan]veil label quality[/]).

    [dim]Example:[/] [cyan]veil label agreement --as olga[/]
    """
    from deploy.exporting import take_out
    from streams.decide.agreement_report import report

    taken = take_out(root, project, person, "agreement")
    found = report(taken.verdicts)
    told = {"project": project, "unreadable": taken.unreadable, **asdict(found)}
    Output(as_json).result(told, *_words(found, project), *left_out(taken.unreadable))


def _words(found: AgreementReport, project: str) -> list[RenderableType]:
    title = heading(f"agreement in {project}", f"{found.tasks:,} tasks labeled by two people or more")
    if not found.tasks:
        return [title]
    questions = PlainTable("question", "tasks", "alpha", "Fleiss' kappa", "exact F1", "F1 by overlap")
    for it in found.choices:
        questions.add_row(it.choice, f"{it.tasks:,}", _number(it.alpha), _number(it.fleiss), "", "")
    spans = found.spans
    f1 = _number(spans.exact_f1), _number(spans.overlap_f1)
    questions.add_row("spans", f"{spans.tasks:,}", _number(spans.alpha), "", *f1)
    pairs = PlainTable("one", "other", "tasks", "Cohen's kappa", "exact F1", "F1 by overlap")
    for pair in found.pairs:
        numbers = (_number(pair.kappa), _number(pair.exact_f1), _number(pair.overlap_f1))
        pairs.add_row(pair.one, pair.other, f"{pair.tasks:,}", *numbers)
    note = Text("  1: fully; 0: as by chance (F1: not at all); –: over fewer than ten tasks", style=QUIET)
    return [title, Text(), questions, Text(), pairs, note]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
