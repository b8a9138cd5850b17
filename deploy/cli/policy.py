"""`veil policy`: what needs a stack. Files are checked by the commands of `policy_files`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from deploy.cli import policy_files
from deploy.cli.command import Command, Commands
from deploy.cli.moments import moment
from deploy.cli.options import As, AsJson, Project, Root, Signers
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output, PlainTable, heading
from deploy.cli.policy_files import NameOrFile
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.finds import OpenedFind
    from deploy.persons import Standing
    from deploy.policy_history import Version
    from deploy.policy_minimum import MinimumStanding

app = typer.Typer(
    cls=Commands,
    help="Redaction policies: in force once an author and an approver have signed.",
    no_args_is_help=True,
)
app.command("lint", cls=Command)(policy_files.lint)
app.command("test", cls=Command)(policy_files.trial)
app.command("diff", cls=Command)(policy_files.diff)
app.command("notice", cls=Command)(policy_files.public_notice)
SHORT = 12
"""Digits of a hash that a table shows; `--json` has all."""


@app.command(cls=Command)
def sign(
    policy: NameOrFile,
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Put your signature on a policy, and see whose is still missing.

    [dim]Example:[/] [cyan]veil policy sign customers.yaml --project demo --as ada[/]
    """
    _sign(root, project, policy, [person], as_json)


@app.command(cls=Command)
def publish(
    policy: NameOrFile,
    persons: Signers = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Bring a policy into force: sign as each person given, then say what is in force or who has yet to sign.

    The stages take it up without a restart. It can't be undone, only followed by one of a higher version. Nobody
    signs one that no stage could load, whose review is over, that is below the minimum, or whose version another
    policy has.

    [dim]Example:[/] [cyan]veil policy publish demo --project demo --as ada --as grace[/]
    """
    _sign(root, project, policy, persons or [], as_json)


@app.command(cls=Command)
def minimum(
    version: Annotated[
        int,
        typer.Argument(
            metavar="VERSION", min=1, max=1_000_000, help="The lowest version allowed.", show_default=False
        ),
    ],
    persons: Signers = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Rule out every policy below a version, for ever: none comes into force again, whoever signs it.

    Takes an author and an approver, as a policy does. Tasks made by older policies stay.

    [dim]Example:[/] [cyan]veil policy minimum 3 --project demo --as ada --as grace[/]
    """
    from deploy.policy_minimum import require_minimum

    now = require_minimum(root, project, version, persons or [])
    Output(as_json).result(asdict(now), heading(f"minimum version {version}"), *_minimum_words(now, project))


@app.command(cls=Command)
def history(project: Project = DEFAULT_PROJECT, root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """Show every policy somebody has signed: version, hash, who signed when, since when redact works by it.

    [cyan]--json[/] has the whole hashes and, for each policy, the bundles that redact has made of it.

    [dim]Example:[/] [cyan]veil policy history --project demo[/]
    """
    from deploy.policy_history import policy_history

    told = policy_history(root, project)
    words = [heading(f"policies of {project}", f"minimum version {told.minimum}" if told.minimum else "")]
    nobody = Text("  Nobody has signed a policy yet.", style=QUIET)
    Output(as_json).result(asdict(told), *words, _versions(told.versions) if told.versions else nobody)


@app.command(cls=Command)
def finds(
    person: As,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write samples.", show_default=False),
    ] = None,
    kind: Annotated[
        str,
        typer.Option("--kind", metavar="KIND", help="What stands in: PERSON, …; by its shape, if not given."),
    ] = "",
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show what annotators have reported: the words around it, and of what was exposed its shape alone.

    [cyan]--out[/] makes samples for [cyan]veil policy test[/] of it: something made up stands in for what was
    exposed, and must be hidden. Test a new policy with them before you sign it. That you look is on the audit.

    [dim]Example:[/] [cyan]veil policy finds --as ada --kind PERSON --out reported.samples.jsonl[/]
    """
    from deploy.finds import STAND_INS, as_line, finds_for, samples
    from schemas.errors import ConfigError
    from schemas.files import write_atomically

    if kind and kind not in STAND_INS:
        raise ConfigError(f"--kind {kind}: nothing is made up for it; choose one of {', '.join(STAND_INS)}")
    found = finds_for(root, project, person)
    lines = [as_line(sample) for one in found for sample in samples(one, kind)]
    if out is not None:
        write_atomically(out, "".join(f"{line}\n" for line in lines))
    content = {"project": project, "finds": [_find_json(one) for one in found], "samples": len(lines)}
    words = [heading(f"reported in {project}", f"{len(found)}"), _finds(found) if found else _nothing_reported()]
    if out is not None:
        words.append(Text(f"  {len(lines)} samples in {out}", style=QUIET))
    Output(as_json).result(content, *words)


def _find_json(found: OpenedFind) -> dict[str, object]:
    pieces = [{"field": it.field, "text": it.text, "start": it.start, "end": it.end} for it in found.fragments]
    return {
        "find": found.find_id,
        "reason": found.reason,
        "policy": found.policy,
        "reported_at": found.reported_at,
        "fragments": pieces,
    }


def _nothing_reported() -> Text:
    return Text("  Nobody has reported anything.", style=QUIET)


def _finds(found: Sequence[OpenedFind]) -> Table:
    table = PlainTable("reported", "reason", "policy", "field", "text")
    for one in found:
        first = (moment(one.reported_at), one.reason, Text(one.policy[:SHORT], style=QUIET))
        for piece in one.fragments:
            text = Text(piece.text)
            text.stylize(BAD, piece.start, piece.end)
            table.add_row(*first, Text(piece.field), text)
        if not one.fragments:
            table.add_row(*first, "", Text("does not open", style=WAITING))
    return table


def _sign(root: Path, project: str, name: str, persons: list[str], as_json: bool) -> None:
    from deploy.persons import sign as sign_as
    from deploy.persons import standing
    from topology.policies import load_policy

    loaded = load_policy(name)
    sign_as(root, project, loaded, persons)
    _show(standing(root, project, loaded), project, Output(as_json))


def _show(now: Standing, project: str, out: Output) -> None:
    content = {
        "policy": now.policy.id,
        "hash": now.policy.hash,
        "signed_by": list(now.signed_by),
        "missing": list(now.missing),
        "in_force": now.rules,
        "minimum": now.minimum,
    }
    signed = f"signed by {' and '.join(now.signed_by)}" if now.signed_by else "signed by nobody"
    out.result(content, heading(now.policy.id, now.policy.hash), Text(f"  {signed}"), _verdict(now, project))


def _verdict(now: Standing, project: str) -> Text:
    if now.rules:
        return Text.assemble(("✓ ", GOOD), f"In force in {project}.")
    if now.missing:
        missing = " and ".join(now.missing)
        return Text(f"  Not in force: it wants the signature of {missing}.", style=WAITING)
    if now.policy.version < now.minimum:
        return Text(f"  Fully signed, but below the minimum version, {now.minimum}.", style=WAITING)
    return Text("  Fully signed, but one of a higher version is in force.", style=WAITING)


def _minimum_words(now: MinimumStanding, project: str) -> list[Text]:
    signed = Text(f"  signed by {' and '.join(now.signed_by) or 'nobody'}")
    if now.missing:
        missing = " and ".join(now.missing)
        return [signed, Text(f"  Does not hold: it wants the signature of {missing}.", style=WAITING)]
    return [signed, Text.assemble(("✓ ", GOOD), f"In {project} no version below {now.in_force} is ever in force.")]


def _versions(versions: tuple[Version, ...]) -> Table:
    table = PlainTable("policy", "hash", "signed by", "used since", "")
    for one in versions:
        signers = ", ".join(f"{it.signer} {moment(it.at)}" for it in one.signatures)
        used = moment(one.applied_at) if one.applied_at is not None else "–"
        style = GOOD if one.in_force else QUIET
        table.add_row(one.id, Text(one.hash[:SHORT], style=QUIET), signers, used, Text(_state(one), style=style))
    return table


def _state(one: Version) -> str:
    if one.in_force:
        return "in force"
    if not one.fully_signed:
        return "not fully signed"
    return "below the minimum" if one.below_minimum else "superseded"
