"""`veil audit trace` and `veil audit access`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from deploy.cli.command import Command, Commands, say
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import BAD, GOOD, NAME, QUIET, WAITING, Output, PlainTable, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from streams.audit.printable import printable

if TYPE_CHECKING:
    from streams.audit.access import Access, Accesses
    from streams.audit.lineage.branches import Branch
    from streams.audit.lineage.graph import Lineage

app = typer.Typer(cls=Commands)
_COLOURS: Mapping[str, str] = {
    **dict.fromkeys(("task", "raw"), "bold"),
    **dict.fromkeys(("verdict", "joined", "label"), "green"),
    **dict.fromkeys(("denied", "refused"), BAD),
    **dict.fromkeys(("policy", "control", "bundle"), "magenta"),
}
_DAY = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
_SHORT = 12
Id = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="raw.P/partition/offset, or the id of what it is about.", show_default=False
    ),
]


@app.command(cls=Command)
def trace(
    what: Id,
    project: Project = DEFAULT_PROJECT,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Draw it as a picture, too.", dir_okay=False)
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="How many things of a kind are shown.")
    ] = 50,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Follow a record from its raw form to its joined label, from the audit alone. Exit code 1 for an unknown id.

    ID: a raw reference, a task, label, lease, person, policy ([cyan]demo@2[/] or its hash), bundle, session,
    endpoint, or a resource as the audit writes it, such as [cyan]control/withdraw/…[/].

    [dim]Example:[/] [cyan]veil audit trace raw.demo/0/17 --svg lineage.svg[/]
    """
    from deploy.lineages import lineage
    from streams.audit.lineage.svg import svg as drawn

    out = Output(as_json)
    with out.progress_console.status(Text("reading the audit")):
        told = lineage(root, project, what, limit)
    if told.answer is None:
        _unknown(what, project)
        return
    if svg is not None:
        svg.write_text(drawn(told.answer), encoding="utf-8")
    out.result({**told.answer.as_json(), "findings": told.findings}, *lineage_words(told.answer))
    if svg is not None:
        out.note(Text.assemble(("✓ ", GOOD), f"drawn: {svg}"))
    _warn(out, told.findings)


@app.command(cls=Command)
def access(
    person: Annotated[
        str | None, typer.Argument(metavar="[PERSON]", help="Who; everybody, with --of.", show_default=False)
    ] = None,
    of: Annotated[
        str | None, typer.Option("--of", metavar="ID", help="Who has seen this task, raw record, label, …")
    ] = None,
    since: Annotated[datetime | None, typer.Option("--since", formats=_DAY, help="From then on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=_DAY, help="Before then (UTC).")] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, metavar="N", help="How many of the latest are told one by one.")
    ] = 100,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show who saw what, when, why and under which rule: views, looks at reports, exports, refusals, sessions.

    Of a person, or with [cyan]--of[/] of a task. Older ones than the limit are counted by day.

    [dim]Example:[/] [cyan]veil audit access ann-1 --since 2026-11-01[/]
    """
    from deploy.lineages import accessed
    from streams.audit.access import Asked

    if person is None and of is None:
        raise typer.BadParameter("give a person, or --of and a task", param_hint="PERSON")
    asked = Asked(person or "", since=_milliseconds(since), until=_milliseconds(until))
    out = Output(as_json)
    with out.progress_console.status(Text("reading the audit")):
        told = accessed(root, project, asked, of or "", limit)
    if told.answer is None:
        _unknown(of or "", project)
        return
    content = {"project": project, "person": person, "of": of, **told.answer.as_json(), "findings": told.findings}
    out.result(content, *access_words(told.answer, person, of))
    _warn(out, told.findings)


def lineage_words(lineage: Lineage) -> Iterator[RenderableType]:
    """A summary and the tree."""
    from streams.audit.lineage.branches import tree
    from streams.audit.lineage.words import summary

    yield heading(lineage.asked, summary(lineage))
    for root in tree(lineage):
        yield _grown(root, Tree(_branch(root), guide_style=QUIET))


def _grown(branch: Branch, tree: Tree) -> Tree:
    for below in branch.branches:
        _grown(below, tree.add(_branch(below)))
    return tree


def _branch(branch: Branch) -> Text:
    """A line: what it is, when, what else is known; against an edge's direction, what it is to the line above."""
    from streams.audit.lineage.words import INTO, moment, phrases, title

    node = branch.node
    text = Text()
    if branch.upward and branch.relation is not None:
        text.append(f"{INTO[branch.relation]}: ", QUIET)
    text.append(printable(title(node)), _COLOURS.get(node.kind, "cyan"))
    if branch.asked:
        text.append(" ◀", WAITING)
    if moment(node):
        text.append(f"  {moment(node)}", QUIET)
    told = [printable(it) for it in phrases(node)]
    if told:
        text.append(f"  {', '.join(told)}", QUIET)
    return text


def access_words(found: Accesses, person: str | None, of: str | None) -> Iterator[RenderableType]:
    """One sentence; days where not all is told one by one; then the latest."""
    yield heading(_sentence(found, person, of))
    if found.left_out:
        yield Text()
        yield _days(found)
        yield Text(f"  {found.left_out:,} older ones are in these numbers only; --limit shows more", style=QUIET)
    if found.latest:
        yield Text()
        yield _latest(found)


def _sentence(found: Accesses, person: str | None, of: str | None) -> str:
    who = person or _of(found.persons, "person")
    if not found.counts:
        return f"{person or 'nobody'} saw nothing{f' of {of}' if of else ''} in that time"
    views = found.counts.get("view", 0)
    told = [f"{_of(views, 'view')} of {_of(found.tasks, 'task')}"] if views else []
    told += [_of(count, _NAMES[what]) for what, count in found.counts.items() if what in _NAMES]
    return f"{who}{f' and {of}' if of else ''}: {', '.join(told)}"


def _of(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_NAMES = {"find": "look", "export": "export", "denied": "refusal", "session": "session", "open": "opening"}


def _days(found: Accesses) -> RenderableType:
    table = PlainTable("day", "person", "tasks", "views", "refused", "other")
    for it in found.days:
        views, denied = it.counts.get("view", 0), it.counts.get("denied", 0)
        other = sum(it.counts.values()) - views - denied
        table.add_row(it.day, _safe(it.person), *(f"{number:,}" for number in (it.tasks, views, denied, other)))
    return table


def _latest(found: Accesses) -> RenderableType:
    table = PlainTable("when (UTC)", "who", "what", "of", "why", "rule", "bundle")
    for it in found.latest:
        table.add_row(*_row(it))
    return table


def _row(it: Access) -> tuple[Text | str, ...]:
    what = f"{it.what}{' again' if it.again else ''}{f' × {it.count}' if it.count > 1 else ''}"
    style = BAD if it.what == "denied" else NAME if it.what in ("view", "find", "export") else ""
    why = " ".join(word for word in (it.purpose, it.reason and f"({it.reason})") if word)
    when = str(it.as_json()["time"])[:19].replace("T", " ")
    who = _safe("whoever reads that topic" if it.what == "open" else it.person)
    return (when, who, Text(what, style=style), _safe(it.resource), _safe(why), _safe(it.rule),
            it.bundle[:_SHORT])  # fmt: skip


def _safe(text: str) -> Text:
    return Text(printable(text))


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1000)


def _unknown(what: str, project: str) -> None:
    say(f"{what} occurs nowhere in the audit of {project}; is it of another project, or mistyped?")
    raise typer.Exit(Exit.FAILED)


def _warn(out: Output, findings: int) -> None:
    if findings:
        words = (
            f"{findings:,} records of the audit can't be read or disagree with their headers: veil audit reconcile"
        )
        out.note(Text(words, style=BAD))
