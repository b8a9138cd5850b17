"""`veil erase`, `veil subject`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands, flag
from deploy.cli.exits import Exit
from deploy.cli.factor import ask_factor
from deploy.cli.moments import moment
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import BAD, GOOD, NAME, QUIET, WAITING, Output, heading
from deploy.cli.subject import SUBJECT_HELP, given_subject
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.erasure import ErasureReason

if TYPE_CHECKING:
    from deploy.erasing import Standing

WAIT_S = 600
app = typer.Typer(
    cls=Commands, help="People whom records speak of: erasing them, and what shows that.", no_args_is_help=True
)
Hash = Annotated[
    str, typer.Argument(metavar="ERASURE", help="Its subject hash, or the beginning of it.", show_default=False)
]


def erase(
    person: As,
    reason: Annotated[
        ErasureReason, typer.Option("--reason", help="Why. A fixed list: free text could name them.")
    ],
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="SUBJECT",
            help=SUBJECT_HELP,
            show_default=False,
        ),
    ] = None,
    wait: Annotated[bool, flag("--wait", text="Stay, and show how far it is.")] = False,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Sign that a person is erased from a project, for ever; they are once an operator and an approver have
    signed.

    Their tasks are withdrawn and taken out of Vault, old versions destroyed; whatever names them later is dropped.
    Both people give the subject, each with their password and a fresh code. An argument stands in process lists
    and in the shell's history: rather let yourself be asked.

    [dim]Example:[/] [cyan]veil erase --as olga --reason subject_request --project demo[/]
    """
    from deploy.erasing import erase as order

    out = Output(as_json)
    stands = order(root, project, person, given_subject(subject), reason, lambda: ask_factor(person))
    if wait and not stands.missing:
        stands = _wait(out, root, project, stands)
    out.result({"project": project, **stands.as_json()}, *_words(stands), *_next(project, stands))


@app.command("erasures", cls=Command)
def erasures(
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show every erasure of a project, by the hash of its subject: who has signed it, and how far it is.

    [dim]Example:[/] [cyan]veil subject erasures --project demo[/]
    """
    from deploy.erasing import standings

    found = standings(root, project)
    words = [line for one in found for line in _words(one)] or [Text("Nobody is erased.", style=QUIET)]
    content = {"project": project, "erasures": [one.as_json() for one in found]}
    Output(as_json).result(content, heading(f"erasures of {project}"), *words)


@app.command(cls=Command)
def certify(
    name: Hash,
    person: As,
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder that is not there yet.")],
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Write the signed report of an erasure that is over: what was erased, what outlives it, where, until when.

    [dim]Example:[/] [cyan]veil subject certify 3b90c2d1 --as olga --out erasure-3b90c2d1[/]
    """
    from deploy.erasing import certify as write

    stands = write(root, project, person, name, folder)
    out = {"project": project, "folder": str(folder), **stands.as_json()}
    Output(as_json).result(out, Text.assemble(("✓ ", GOOD), f"Written and signed: {folder}"))


@app.command(cls=Command)
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The report.", show_default=False)],
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Check a report by the keys that the topology pins: needs neither Kafka nor Vault.

    [dim]Example:[/] [cyan]veil subject verify erasure-3b90c2d1[/]
    """
    from dataclasses import asdict

    from deploy.persons import load_declared
    from streams.audit.erasure_report import check_report
    from streams.audit.store import Directory

    checked = check_report(Directory(folder), load_declared(root).pins.keys)
    content = asdict(checked) | {"holds": checked.holds}
    words = [Text(str(one), style=BAD) for one in checked.findings]
    if checked.holds:
        said = "is over" if checked.over else "was not over"
        words = [
            Text.assemble(
                ("✓ ", GOOD), f"Signed by {checked.person}; the erasure of {checked.subject[:12]} {said}."
            ),
            Text(f"  in {checked.project}; its orders are signed by whom they name", style=QUIET),
        ]
    Output(as_json).result(content, *words)
    if not checked.holds:
        raise typer.Exit(Exit.FAILED)


@app.command(cls=Command)
def reapply(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The report.", show_default=False)],
    person: As,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Put the signed orders of a report back on [cyan]control[/], after that was restored from an older backup.

    [dim]Example:[/] [cyan]veil subject reapply erasure-3b90c2d1 --as olga[/]
    """
    from deploy.erasing import reapply as put_back

    keys = put_back(root, project, person, folder)
    words = Text.assemble(("✓ ", GOOD), f"{len(keys)} orders are on control; keeper looks for what they are about")
    Output(as_json).result({"project": project, "control_keys": list(keys)}, words)


def _wait(out: Output, root: Path, project: str, stands: Standing) -> Standing:
    from deploy.erasing import watched

    with out.steps("waiting for keeper and everybody who holds something") as tell:
        for stands in watched(root, project, stands.erasure.subject, WAIT_S):  # noqa: B020, PLR1704 - the latest
            tell(_progress(stands))
    return stands


def _progress(stands: Standing) -> str:
    one = stands.erasure
    out = sum(task.out > 0 for task in one.tasks)
    waiting = f"; waits for {', '.join(one.waiting)}" if one.waiting else ""
    return f"{stands.state}: {out} of {len(one.tasks)} tasks out of Vault{waiting}"


def _words(stands: Standing) -> list[Text]:
    one = stands.erasure
    style = GOOD if stands.state == "over" else WAITING
    words = [Text.assemble((one.subject[:12], NAME), "  ", (stands.state, style))]
    words.append(Text(f"  signed by {', '.join(stands.signed_by) or 'nobody'}", style=QUIET))
    words += [Text(f"  missing: {role}", style=WAITING) for role in stands.missing]
    if not stands.missing:
        words.append(Text(f"  {_progress(stands)}", style=QUIET))
    if one.erased:
        words.append(Text(f"  out of Vault since {moment(one.erased)} UTC", style=QUIET))
    if one.unsettled:
        words.append(
            Text(f"  {one.unsettled} documents are not told apart yet: keeper looks again", style=WAITING)
        )
    return words


def _next(project: str, stands: Standing) -> list[Text]:
    if stands.state == "over":
        command = f"veil subject certify {stands.erasure.subject[:12]} --project {project} --as … --out DIR"
    else:
        command = f"veil subject erasures --project {project}"
    return [Text(f"  {command}", style="cyan")]
