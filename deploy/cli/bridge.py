"""`veil bridge`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.bridge.settings import KEEP_MIN, MOST_KEEP_MIN
from deploy.cli.command import Command, Commands, flag
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT

if TYPE_CHECKING:
    from deploy.bridge.bridge import Tally

app = typer.Typer(cls=Commands, help="People who label in a tool of their own.", no_args_is_help=True)


@app.callback()
def bridge() -> None:
    """People who label in a tool of their own."""


@app.command("label-studio", cls=Command)
def label_studio(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where Label Studio is.", show_default=False)],
    name: Annotated[
        str, typer.Option("--as", metavar="APP", help="The app that acts for the person, and signs its tokens.")
    ],
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="The annotator who labels there.")],
    account: Annotated[
        str, typer.Option("--account", metavar="EMAIL", help="Their account there; no other one's answers count.")
    ],
    token_file: Annotated[
        Path,
        typer.Option("--token-file", metavar="FILE", help="A token of the bridge's account there (mode 0600)."),
    ],
    field: Annotated[
        list[str],
        typer.Option("--field", metavar="PATH", help="A field that tasks have; again for each, in order."),
    ],
    reports_off: Annotated[
        bool,
        flag(
            "--error-reports-off", text="You have seen to it that the server sends no error reports to its vendor."
        ),
    ] = False,
    keep_min: Annotated[
        int,
        typer.Option(
            "--keep", min=1, max=MOST_KEEP_MIN, metavar="MIN", help="Minutes a task may lie there unanswered."
        ),
    ] = KEEP_MIN,
    title: Annotated[
        str,
        typer.Option("--title", metavar="TITLE", help="Of the project there; ours and the person, if not given."),
    ] = "",
    label_url: Annotated[
        str, typer.Option("--label-url", metavar="URL", help="Label's API; that of this stack, if not given.")
    ] = "",
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Show a person's tasks in a Label Studio, one at a time, and make what they answer there their labels.

    Until Ctrl-C; then nothing of ours lies there. Refuses a server whose analytics are on, or that hands tasks on.
    Error reports can't be seen from outside. They are on unless it was started with [cyan]SENTRY_DSN=[/] and
    [cyan]FRONTEND_SENTRY_DSN=[/] empty: say that they are off.

    [dim]Example:[/] [cyan]veil bridge label-studio http://127.0.0.1:8080 --as studio --person ann-1 --account
    ann@example.org --token-file studio.token --field text --error-reports-off[/]
    """
    from deploy.bridge.running import Wanted, run

    if not reports_off:
        raise typer.BadParameter(
            "the server may send texts to its vendor with an error unless SENTRY_DSN and FRONTEND_SENTRY_DSN are"
            " empty; say so, since it can't be asked",
            param_hint="--error-reports-off",
        )
    wanted = Wanted(project, person, name, url, account, token_file, tuple(field), keep_min * 60, title, label_url)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    out = Output(as_json)
    done = run(root, wanted, stop, out.note)
    told = {"project": project, "person": person, "shown": done.shown, "labeled": done.labeled}
    told |= {"skipped": done.skipped, "lost": done.lost, "returned": dict(done.returned)}
    out.result(told, *_words(done))


def _words(done: Tally) -> list[RenderableType]:
    said = f"{done.labeled:,} labeled, {done.skipped:,} skipped, of {done.shown:,} shown"
    words: list[RenderableType] = [Text.assemble(("✓ ", GOOD), said)]
    if done.lost:
        words.append(Text(f"  {done.lost:,} were over before they were answered", style=QUIET))
    words += [Text(f"  {count:,} given back: {why}", style=QUIET) for why, count in sorted(done.returned.items())]
    return words
