"""`veil policy lint`, `test` and `diff`: on files alone, no stack needed."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from deploy.cli.command import flag
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Root
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output, PlainTable, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT, PROJECT_VARIABLE

if TYPE_CHECKING:
    from streams.redact.comparison import Comparison
    from streams.redact.trial import Check, Redact
    from topology.policies import Policy
    from topology.policies.difference import Change
    from topology.policies.lint import Remark
    from topology.policies.notice import Notice

NameOrFile = Annotated[
    str, typer.Argument(metavar="FILE_OR_NAME", help="A YAML file or a built-in name.", show_default=False)
]
Samples = Annotated[
    Path | None,
    typer.Option("--samples", metavar="FILE", help="JSON Lines: id, record, expect.", show_default=False),
]
_MARKS = {"shown": ("+", BAD), "hidden": ("-", GOOD), "otherwise": ("~", WAITING)}
_EFFECTS = {"shows_more": ("+", BAD), "shows_less": ("-", GOOD), "other": ("~", QUIET)}


def lint(
    policy: NameOrFile,
    project: Annotated[
        str | None,
        typer.Option("--project", "-p", metavar="P", help="Whose people to check against.", show_default=False),
    ] = None,
    strict: Annotated[bool, flag("--strict", text="Exit code 1 where there is a remark.")] = False,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Check a policy file, say what it decides and what to think about again. Needs no stack.

    An error names file, line and field (exit code 2). A remark is no error: tokens that link records, free text
    that passes unsearched, a review that is due, too few annotators (with [cyan]--project[/]), and the like.

    [dim]Example:[/] [cyan]veil policy lint customers.yaml --project demo --strict[/]
    """
    from topology.policies import load_policy

    loaded = load_policy(policy)
    found = _remarks(loaded, project, root)
    content = {"policy": loaded.id, "hash": loaded.hash, "fields": len(loaded.fields), "overlap": loaded.overlap}
    content |= {"review_by": loaded.review_by, "packs": list(loaded.packs)}
    content |= {"remarks": [asdict(remark) for remark in found]}
    first = heading(f"{loaded.id} is well formed", loaded.hash)
    Output(as_json).result(content, first, Text(), _decisions(loaded), Text(), *_packs(loaded), *_said(found))
    if strict and found:
        raise typer.Exit(Exit.FAILED)


def trial(policy: NameOrFile, samples: Samples = None, as_json: AsJson = False) -> None:
    """Redact sample records and compare with what you expect of each. Exit code 1 where one fails. Needs no stack.

    A line of the samples: [bold]{"id", "record", "expect"}[/]. [bold]expect[/] has fields by path, each with its
    whole sanitized text or with [bold]{"hidden": […], "shown": […]}[/], and [bold]outcome[/]: task, dropped or
    quarantined. Without [cyan]--samples[/] the file beside the policy: [cyan]customers.samples.jsonl[/].

    [dim]Example:[/] [cyan]veil policy test customers.yaml --samples refunds.jsonl[/]
    """
    from streams.redact.trial import examine, read_samples
    from topology.policies import load_policy

    loaded = load_policy(policy)
    checks = examine(read_samples(samples or _beside(policy)), _redactor(loaded))
    failed = sum(not check.passed for check in checks)
    content = {"policy": loaded.id, "hash": loaded.hash, "checks": len(checks), "failed": failed}
    content |= {"results": [_check_json(check) for check in checks]}
    Output(as_json).result(content, _checks(checks), _total(len(checks), failed, loaded))
    if failed:
        raise typer.Exit(Exit.FAILED)


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="File or built-in name.", show_default=False)],
    new: Annotated[str, typer.Argument(metavar="NEW", help="File or built-in name.", show_default=False)],
    samples: Samples = None,
    as_json: AsJson = False,
) -> None:
    """Show which rules differ, and on samples what is seen that was not. Exit code 1 where NEW shows more.

    + shows more, - shows less, ~ is otherwise. Examples come from the samples you give, and from nowhere else.

    [dim]Example:[/] [cyan]veil policy diff customers.yaml customers-2.yaml --samples refunds.jsonl[/]
    """
    from topology.policies import load_policy
    from topology.policies.difference import Effect, differences

    before, after = load_policy(old), load_policy(new)
    changes = differences(before, after)
    compared = _compared(before, after, samples) if samples else None
    more = any(change.effect is Effect.SHOWS_MORE for change in changes)
    more |= compared is not None and compared.shows_more
    content = {"old": before.id, "new": after.id, "shows_more": more}
    content |= {"rules": [asdict(change) for change in changes]}
    content |= {"samples": _comparison_json(compared) if compared else None}
    on_samples = _comparison(compared) if compared else []
    Output(as_json).result(content, heading(f"{before.id} → {after.id}"), Text(), _changes(changes), *on_samples)
    if more:
        raise typer.Exit(Exit.FAILED)


def public_notice(
    policy: NameOrFile,
    project: Annotated[
        str,
        typer.Option("--project", "-p", envvar=PROJECT_VARIABLE, metavar="P", help="Whose retentions hold."),
    ] = DEFAULT_PROJECT,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the page there, as HTML.", show_default=False),
    ] = None,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Say, for the people whom records speak of, what happens to their data; as a page with [cyan]--out[/].

    It is made from the policy and the project's retentions, and from no record. Needs no stack.

    [dim]Example:[/] [cyan]veil policy notice customers.yaml --project demo --out notice.html[/]
    """
    from deploy.notice_page import page
    from deploy.surroundings import project_folders
    from topology.loading import load_topology
    from topology.policies import load_policy
    from topology.policies.notice import notice

    found = notice(load_policy(policy), load_topology(extra_projects=project_folders(root)), project)
    if out is not None:
        out.write_text(page(found), encoding="utf-8")
    first = heading(f"what happens to data in {project}", found.policy)
    Output(as_json).result(asdict(found), first, *_notice_words(found), *_written(out))


def _notice_words(found: Notice) -> list[RenderableType]:
    handled, told, kept = PlainTable(), PlainTable(), PlainTable()
    for one in found.handled:
        handled.add_row(one.how, Text(", ".join(one.kinds), style=QUIET))
    for each in found.kept:
        kept.add_row(each.what, Text(each.how_long, style=QUIET))
    for one in found.told:
        told.add_row(one.how, Text(", ".join(one.kinds), style=QUIET))
    asked: list[RenderableType] = []
    if found.told:
        asked = [Text(), Text("  who works on a text may ask, of a hidden piece:"), told]
    erased = [Text(), Text(f"  {found.after_erasure}")] if found.after_erasure else []
    return [Text(), handled, *asked, Text(), Text("  kept, at most:"), kept, *erased]


def _written(out: Path | None) -> list[RenderableType]:
    return [] if out is None else [Text(), Text(f"  written to {out}", style=GOOD)]


def _remarks(policy: Policy, project: str | None, root: Path) -> list[Remark]:
    from deploy.surroundings import project_folders
    from streams.engine.clock import SystemClock
    from streams.redact.categories import known_categories
    from topology.loading import load_topology
    from topology.policies.lint import project_remarks, remarks

    named = policy.categories or policy.conditions or policy.hints
    found = remarks(policy, SystemClock().now(), known_categories() if named else frozenset())
    if project is not None:
        declared = load_topology(extra_projects=project_folders(root))
        found += project_remarks(policy, declared.project(project))
    return found


def _redactor(policy: Policy) -> Redact:
    """How `policy` redacts samples: with a key that everybody knows, so that tokens can be expected."""
    from streams.redact.detect.detector import build_detector
    from streams.redact.offline import MIN_KEY_BYTES, keys_of
    from streams.redact.redactor import redact_many

    detector, keys = build_detector(policy), keys_of(bytes(MIN_KEY_BYTES))
    return lambda records: redact_many(records, policy, detector, keys)


def _beside(policy: str) -> Path:
    return Path(policy).with_suffix(".samples.jsonl")


def _compared(before: Policy, after: Policy, samples: Path) -> Comparison:
    from streams.redact.comparison import compare
    from streams.redact.trial import read_samples

    records = [sample.record for sample in read_samples(samples)]
    return compare(_redactor(before)(records), _redactor(after)(records))


def _decisions(policy: Policy) -> Table:
    table = PlainTable("field", "action", "category")
    for rule in policy.fields:
        table.add_row(Text(rule.path), Text(rule.action.value), Text(rule.category or "", style=QUIET))
    table.add_row(Text("everything else", style=QUIET), Text("denied", style=QUIET), "")
    return table


def _packs(policy: Policy) -> list[Text]:
    """What each regulation pack is, and what of it no policy can do."""
    from topology.policies import load_pack

    packs = [load_pack(name) for name in policy.packs]
    words = [Text(f"{pack.id}: {pack.title}. Not covered: {pack.not_covered}", style=QUIET) for pack in packs]
    return [*words, Text()] if words else []


def _said(found: list[Remark]) -> list[Text]:
    if not found:
        return [Text.assemble(("✓ ", GOOD), "Nothing to remark.")]
    return [Text.assemble(("! ", WAITING), f"{remark.where}: {remark.text}.") for remark in found]


def _checks(checks: list[Check]) -> Table:
    table = PlainTable("", "sample", "field", "")
    for check in checks:
        mark, style = ("✓", GOOD) if check.passed else ("✗", BAD)
        words = Text(check.says, style=QUIET if check.passed else "")
        table.add_row(Text(mark, style=style), Text(check.sample), Text(check.where), words)
    return table


def _check_json(check: Check) -> dict[str, object]:
    return {"sample": check.sample, "field": check.where, "passed": check.passed, "says": check.says}


def _total(count: int, failed: int, policy: Policy) -> Text:
    if failed:
        return Text.assemble(("✗ ", BAD), f"{failed} of {count} expectations of {policy.id} fail.")
    return Text.assemble(("✓ ", GOOD), f"{policy.id} meets all {count} expectations.")


def _changes(changes: list[Change]) -> RenderableType:
    if not changes:
        return Text("No rule differs.", style=QUIET)
    table = PlainTable("", "rule", "was", "is")
    for change in changes:
        mark, style = _EFFECTS[change.effect.value]
        table.add_row(Text(mark, style=style), Text(change.path), Text(change.old or "–"), Text(change.new or "–"))
    return table


def _comparison(compared: Comparison) -> list[RenderableType]:
    words: list[RenderableType] = [
        Text(),
        heading(f"{compared.changed} of {compared.records} samples are seen otherwise"),
        *(Text(f"  {count} × {was} → {becomes}") for was, becomes, count in compared.outcomes),
    ]
    table = PlainTable("", "pieces", "field", "category", "for example")
    for row in compared.rows:
        mark, style = _MARKS[row.turn.value]
        examples = ", ".join(map(repr, row.examples))
        table.add_row(Text(mark, style=style), str(row.count), Text(row.field), Text(row.category), Text(examples))
    return [*words, table] if compared.rows else words


def _comparison_json(compared: Comparison) -> dict[str, object]:
    return {
        "records": compared.records,
        "changed": compared.changed,
        "outcomes": [{"old": was, "new": becomes, "count": count} for was, becomes, count in compared.outcomes],
        "pieces": [
            {
                "turn": row.turn.value,
                "field": row.field,
                "category": row.category,
                "count": row.count,
                "examples": list(row.examples),
            }
            for row in compared.rows
        ],
    }
