"""What a person reads at the end: what came in, what an annotator saw, what came out, what the audit proves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.demo.report import Report

GOOD, BAD, QUIET, NAME, ACCENT, HIDDEN = "green", "bold red", "dim", "bold", "cyan", "bold magenta"
_PLACEHOLDER = re.compile(r"\[[A-Z_]+_\d+\]|\*{5}")


@dataclass(frozen=True, slots=True)
class Example:
    """A record made for showing, by path, as written and as shown."""

    raw: Mapping[str, str]
    shown: Mapping[str, str]
    labels: tuple[tuple[str, str, str], ...]
    """Label, what the annotator marked, and what that is in the raw record."""


def summary(report: Report, example: Example, where: str) -> RenderableType:
    """Everything, one part below the other. `where` is the folder with report and audit."""
    parts: list[RenderableType] = [
        _headline(report),
        *_part("What came in", _came_in(report)),
        *_part("What an annotator saw", [_beside(example)]),
        *_part("What came out", _came_out(report, example)),
        *_part("What the audit proves", _proved(report)),
        *_part("How to go on", [_go_on(where)]),
        Text(),
    ]
    return Padding(Group(*parts), (0, 2))


def failed(report: Report) -> RenderableType:
    """The sentences of a run that is not as it must be."""
    return Padding(Group(*(Text(f"✗ {one}", style=BAD) for one in report.failures)), (1, 2))


def _headline(report: Report) -> RenderableType:
    joined = (
        f"\n{report.joined:,} sensitive records labeled in {report.seconds:.0f} s. Nobody has seen one of them."
    )
    return Text(joined, style=f"{NAME} {GOOD}") if report.ok else failed(report)


def _part(title: str, body: Iterable[RenderableType]) -> list[RenderableType]:
    return [Text(f"\n{title}", style=NAME), *(Padding(one, (0, 0, 0, 2)) for one in body)]


def _came_in(report: Report) -> list[RenderableType]:
    return [
        _say(
            f"{report.records:,} records, each encrypted before it left its producer: public texts, and customers "
            "(Avro and JSON) whose notes repeat their names, numbers and addresses."
        ),
        _say(
            f"Among them {report.canaries_planted:,} canaries, values that exist nowhere else, and "
            f"{report.quarantined} records broken on purpose."
        ),
    ]


def _beside(example: Example) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    table.add_column("field", style=QUIET, no_wrap=True)
    table.add_column("what the customer wrote (invented)", ratio=1)
    table.add_column("what the annotator saw", ratio=1)
    for path, raw in example.raw.items():
        shown = example.shown.get(path)
        table.add_row(path.removeprefix("customer."), raw, _marked(shown) if shown is not None else _gone())
    return table


def _marked(text: str) -> Text:
    marked = Text(text)
    marked.highlight_regex(_PLACEHOLDER, HIDDEN)
    return marked


def _gone() -> Text:
    return Text("(not shown at all)", style=QUIET)


def _came_out(report: Report, example: Example) -> list[RenderableType]:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    for title in ("label", "marked on the screen", "joined to the raw record as"):
        table.add_column(title)
    for label, shown, raw in example.labels:
        table.add_row(label, _marked(shown), raw)
    return [
        table,
        Text(),
        _say(
            f"{report.joined:,} records, each labeled by three to five annotators ({report.labels:,} labels), put "
            "back onto the exact characters of the raw texts."
        ),
        _figures(
            ("agreement with the truth (F1, exact spans)", f"{report.label_f1_raw_coordinates:.3f}"),
            (
                "what a robot without errors reaches on the redacted texts",
                f"{report.label_f1_robot_without_errors:.3f}",
            ),
            (
                f"hidden gold: known values that leaked, of {report.gold_values:,}",
                f"{report.gold_values_leaked} (bound {report.leak_bound:.1%})",
            ),
            ("published to joined", f"{report.throughput_records_per_s:.1f} records/s"),
        ),
    ]


def _proved(report: Report) -> list[RenderableType]:
    reasons = ", ".join(f"{count} {name}" for name, count in sorted(report.quarantine_reasons.items()))
    return [
        _check(
            report.reconciled,
            f"Each of {report.records:,} records became exactly one thing: {report.tasks:,} tasks, "
            f"{report.quarantined} quarantined ({reasons}), {report.dropped} dropped by policy.",
        ),
        _check(
            report.audit_verified,
            f"{report.audit_events:,} events in signed chains, exported and verified offline. {report.views:,} "
            "views, each on record before its text was opened; no label without one.",
        ),
        _check(
            report.sealed_events == report.audit_events,
            f"{report.sealed_events:,} of them sealed in Merkle trees, under {report.checkpoints:,} signed "
            "checkpoints.",
        ),
        _check(report.alerts == 0, _alerts(report)),
        _check(
            report.withdrawn == 1,
            "One task was withdrawn before anyone saw it. Its key is destroyed: nothing opens it any more, not on "
            "the topics, not in Kafka's files.",
        ),
        _check(
            report.canary_hits == 0,
            f"{report.canary_hits} of {report.canaries_planted:,} canaries found. Looked for in "
            f"{report.canary_forms:,} forms in {report.searched_mb:,.0f} MB: broker, vault, registry, logs, every "
            "HTTP answer, temporary files, audit.",
        ),
    ]


def _alerts(report: Report) -> str:
    by = "Vault's and Kafka's own logs" if report.logs_carried else ""
    told = f"{report.alerts} alerts: {by} show nothing that no event has announced."
    if not by:
        told = f"{report.alerts} alerts by watch. Nobody has read Vault's and Kafka's own logs here."
    if report.alerts:
        told = f"{report.alerts} alerts, by {f'{by} and by ' if by else ''}watch:"
    if report.robots_noticed:
        told += f" (Watch noticed that {report.robots_noticed} label faster than anyone reads. They are robots.)"
    return "\n".join((told, *report.alerts_about))


def _go_on(where: str) -> Table:
    return _table(
        ("veil up", "start it and keep it running; it says how to label in your browser"),
        ("veil publish FILE", "your own records: JSON Lines, CSV or text"),
        ("veil redact FILE --policy text", "redact a file, with nothing running"),
        (f"veil audit verify {where}/audit", "check this run's audit yourself, offline"),
        (f"{where}/report.json", "all figures of this run"),
    )


def _table(*rows: tuple[str, str]) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style=ACCENT, no_wrap=True)
    table.add_column(style=QUIET)
    for row in rows:
        table.add_row(*row)
    return table


def _figures(*rows: tuple[str, str]) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style=QUIET)
    table.add_column(style=f"{NAME} {ACCENT}", justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def _say(text: str) -> Text:
    return Text(text)


def _check(holds: bool, text: str) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_row(Text("✓" if holds else "✗", style=GOOD if holds else BAD), Text(text))
    return table
