"""`veil policy`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output, heading, plain_table
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.persons import Standing
    from topology.policies import Policy

app = typer.Typer(
    cls=Commands,
    help="Redaction policies: in force once an author and an approver have signed.",
    no_args_is_help=True,
)
NameOrFile = Annotated[
    str, typer.Argument(metavar="FILE_OR_NAME", help="A YAML file or a built-in name.", show_default=False)
]


@app.command(cls=Command)
def lint(policy: NameOrFile, as_json: AsJson = False) -> None:
    """Check a policy file and say what it decides. Needs no stack. Each error names file, line and field.

    [dim]Example:[/] [cyan]veil policy lint customers.yaml[/]
    """
    from topology.policies import load_policy

    loaded = load_policy(policy)
    Output(as_json).result(
        {"policy": loaded.id, "hash": loaded.hash, "fields": len(loaded.fields), "overlap": loaded.overlap},
        heading(f"{loaded.id} is well formed", loaded.hash),
        Text(),
        _decisions(loaded),
    )


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
    persons: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="PERSON", help="A person who signs; may be given again. None: only look."),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Bring a policy into force: sign as each person given, then say what is in force or who has yet to sign.

    The stages take it up without a restart. It can't be undone, only followed by one of a higher version.

    [dim]Example:[/] [cyan]veil policy publish demo --project demo --as ada --as grace[/]
    """
    _sign(root, project, policy, persons or [], as_json)


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
    }
    signed = f"signed by {' and '.join(now.signed_by)}" if now.signed_by else "signed by nobody"
    words = [heading(now.policy.id, now.policy.hash), Text(f"  {signed}")]
    if now.rules:
        words.append(Text.assemble(("✓ ", GOOD), f"In force in {project}."))
    elif now.missing:
        missing = " and ".join(now.missing)
        words.append(Text(f"  Not in force: it wants the signature of {missing}.", style=WAITING))
    else:
        words.append(Text("  Fully signed, but one of a higher version is in force.", style=WAITING))
    out.result(content, *words)


def _decisions(policy: Policy) -> Table:
    table = plain_table("field", "action", "category")
    for rule in policy.fields:
        table.add_row(Text(rule.path), Text(rule.action.value), Text(rule.category or "", style=QUIET))
    table.add_row(Text("everything else", style=QUIET), Text("denied", style=QUIET), "")
    return table
