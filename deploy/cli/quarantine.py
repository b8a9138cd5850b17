"""`veil quarantine`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.moments import moment
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output, PlainTable, heading
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.quarantine_release import ReleaseReason

if TYPE_CHECKING:
    from deploy.releasing import Entry

app = typer.Typer(
    cls=Commands,
    help="Records that could not go on: which they are, and releasing one by two signatures.",
    no_args_is_help=True,
)


@app.command("list", cls=Command)
def list_(project: Project = DEFAULT_PROJECT, root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """Show what is in quarantine: where it came from, why, by which policy, since when, and until when it is kept.

    From the audit alone; no value is shown, and none is opened.

    [dim]Example:[/] [cyan]veil quarantine list --project demo[/]
    """
    from deploy.releasing import quarantine

    found = quarantine(root, project)
    content = {"project": project, "records": [one.as_json() for one in found]}
    Output(as_json).result(content, heading(f"quarantine of {project}"), *_words(found))


@app.command(cls=Command)
def release(
    reference: Annotated[
        str, typer.Argument(metavar="REF", help="raw.P/partition/offset, as listed.", show_default=False)
    ],
    person: As,
    reason: Annotated[
        ReleaseReason, typer.Option("--reason", help="Why. A fixed list: free text could quote content.")
    ],
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Sign that one record leaves quarantine; it does once an operator and an approver, two people, have signed.

    The second person gives the same reason. The record is redacted once more, as its next revision, by the policy
    in force. With [cyan]accepted_risk[/] or [cyan]false_alarm[/] the risk threshold is set aside for it, and
    nothing else: what verification finds goes back to quarantine.

    [dim]Example:[/] [cyan]veil quarantine release raw.demo/0/17 --as olga --reason accepted_risk[/]
    """
    from deploy.releasing import release as sign

    one = sign(root, project, person, reference, reason)
    hint = (
        "veil quarantine release … --as …" if one.missing else f"veil audit trace {reference} shows what it became"
    )
    Output(as_json).result(
        {"project": project, **one.as_json()},
        Text.assemble(("✓ ", GOOD), f"Signed. {one.reference}: ", _state(one)),
        Text(f"  {hint}", style=QUIET),
    )


def _words(found: Sequence[Entry]) -> list[RenderableType]:
    """Records in a table; below it what may release them, and whose signatures are missing."""
    if not found:
        return [Text("  Nothing is in quarantine.", style=QUIET)]
    table = PlainTable("record", "reason", "policy", "since", "until", "")
    for one in found:
        since, until = moment(one.record.since), moment(one.until)
        table.add_row(one.reference, one.record.reason, _version(one), since, until, one.state)
    may = {one.record.reason: ", ".join(one.may_be_released) or "nothing that could change it" for one in found}
    rules = [Text(f"  {reason} may be released as: {reasons}", style=QUIET) for reason, reasons in may.items()]
    unsigned = [Text.assemble(f"  {one.reference}: ", _state(one)) for one in found if one.missing]
    return [table, *rules, *unsigned]


def _version(one: Entry) -> str:
    return f"@{one.policy}" if one.policy else "?"


def _state(one: Entry) -> Text:
    if one.missing:
        reason = one.order.reason.value if one.order else ""
        return Text(
            f"{reason} signed by {', '.join(one.signed_by)}; missing: {', '.join(one.missing)}", style=WAITING
        )
    return Text(one.state, style=QUIET if one.state == "held" else GOOD if one.state == "copied" else WAITING)
