"""`veil keys`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.exits import Exit
from deploy.cli.factor import ask_factor
from deploy.cli.moments import moment
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, NAME, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.keys import Standing

app = typer.Typer(
    cls=Commands, help="Rotate a project's keys, and end old versions of them.", no_args_is_help=True
)
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY]…", help="view, raw, …, or view-demo; all that wrap where none is given."),
]
DAY_MS = 86_400_000


@app.callback()
def keys() -> None:
    """Rotate a project's keys, and end old versions of them."""


@app.command(cls=Command)
def rotate(
    person: As,
    names: Names = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Give keys a new version, with password and code. Nothing stops; keeper wraps anew what is stored.

    [dim]Example:[/] [cyan]veil keys rotate view geometry --as kay[/]
    """
    from deploy.keys import rotate as turn
    from deploy.persons import acting_in

    with acting_in(root, project, person) as around:
        found = turn(around, names or (), lambda: ask_factor(person))
    rows = [{"key": it.name, "version": it.latest} for it in found]
    words = (Text.assemble((it.name, NAME), f"  version {it.latest}") for it in found)
    Output(as_json).result({"project": project, "rotated": rows}, *words)


@app.command(cls=Command)
def status(
    person: As,
    names: Names = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show how old keys are, which versions there are, and what still needs an old one; 1 where one is overdue.

    [dim]Example:[/] [cyan]veil keys status --as kay[/]
    """
    from deploy.keys import standings
    from deploy.persons import acting_in

    with acting_in(root, project, person) as around:
        found = standings(around, names or (), around.clock.now())
    _tell(Output(as_json), project, found)
    if any(it.overdue for it in found):
        raise typer.Exit(Exit.FAILED)


@app.command(cls=Command)
def retire(
    person: As,
    names: Names = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Raise minimum versions as far as nothing older can exist, with password and code where any is due.

    [dim]Example:[/] [cyan]veil keys retire --as kay[/]
    """
    from deploy.keys import retire as end
    from deploy.persons import acting_in

    with acting_in(root, project, person) as around:
        found = end(around, names or (), lambda: ask_factor(person), around.clock.now())
    _tell(Output(as_json), project, found)


@app.command(cls=Command)
def trim(
    person: As,
    names: Names = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Destroy, for ever, the versions below minimums that have been in force for a day, with password and code.

    [dim]Example:[/] [cyan]veil keys trim --as kay[/]
    """
    from deploy.keys import trim as end
    from deploy.persons import acting_in

    with acting_in(root, project, person) as around:
        found = end(around, names or (), lambda: ask_factor(person), around.clock.now())
    _tell(Output(as_json), project, found)


@app.command(cls=Command)
def code(
    person: Annotated[
        str, typer.Option("--person", metavar="PERSON", help="Whose code; one of those whom veil up has invited.")
    ],
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Print the second factor's code of the moment for somebody whom [cyan]veil up[/] has invited to keys.

    Their password is in the same invitation, [cyan]signin/keys.PERSON.json[/]. A code holds for half a minute,
    and once.

    [dim]Example:[/] [cyan]veil keys code --person kay[/]
    """
    from deploy.cli.codes import tell_code_of
    from deploy.signin.invitation import keys_name

    tell_code_of(root, keys_name(person), person, "keys", as_json)


def _tell(out: Output, project: str, found: list[Standing]) -> None:
    out.result({"project": project, "keys": [_as_json(it) for it in found]}, *map(_words, found))


def _as_json(it: Standing) -> dict[str, object]:
    return {
        "key": it.versions.name,
        "version": it.versions.latest,
        "minimum": it.versions.minimum,
        "available": it.versions.available,
        "age_ms": it.age_ms,
        "limit_ms": it.limit_ms,
        "overdue": it.overdue,
        "needed": it.needed.version,
        "held_by": it.needed.hold.name.lower(),
        "held_until": it.needed.until,
        "trimmable": it.trimmable,
    }


def _words(it: Standing) -> Text:
    days = f"{it.age_ms // DAY_MS} of {it.limit_ms // DAY_MS} days"
    words = Text.assemble((it.versions.name, NAME), f"  version {it.versions.latest}, ")
    words.append(days, style=WAITING if it.overdue else GOOD)
    words.append(f"  minimum {it.versions.minimum}", style=QUIET)
    if it.needed.version < it.versions.latest:
        until = f" until {moment(it.needed.until)} UTC" if it.needed.until else ""
        words.append(f"\n  version {it.needed.version} is needed: {it.needed.hold.value}{until}", style=QUIET)
    elif it.needed.version > it.versions.minimum:
        words.append("\n  nothing older is needed: veil keys retire", style=QUIET)
    if it.trimmable:
        words.append(f"\n  versions below {it.trimmable} can go: veil keys trim", style=QUIET)
    return words
