"""`veil label export` and `veil label import`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.exits import Exit
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from streams.label.studio.settings import PASSED_OVER

if TYPE_CHECKING:
    from streams.label.studio.importing import Imported

SHOWN = 20


class Format(StrEnum):
    """In which form labels are written."""

    LABEL_STUDIO = "label-studio"


class Offsets(StrEnum):
    """What the offsets of a file count."""

    CODE_POINTS = "code-points"
    UTF_16 = "utf-16"


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write.", show_default=False)],
    person: As,
    form: Annotated[Format, typer.Option("--format", help="The form.")] = Format.LABEL_STUDIO,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE.xml", help="Also write the labeling configuration that goes with it."
        ),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Write a project's verdicts: spans as offsets, labels, choices; no text, and nobody's name.

    Offsets are code points of the sanitized fields. The export is on the audit, by an operator, before it is
    written.

    [dim]Example:[/] [cyan]veil label export labels.json --as olga --format label-studio[/]
    """
    from deploy.exporting import take_out
    from schemas.files import write_atomically
    from streams.label.studio import writing

    taken = take_out(root, project, person, form.value)
    content = [writing.verdict(it) for it in taken.verdicts]
    write_atomically(file, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    if config is not None:
        write_atomically(config, taken.configuration(project))
    words = [Text.assemble(("✓ ", GOOD), f"{len(content):,} verdicts → {file}"), *left_out(taken.unreadable)]
    told = {"project": project, "verdicts": len(content), "unreadable": taken.unreadable, "file": str(file)}
    Output(as_json).result(told, *words)


def left_out(unreadable: int) -> list[RenderableType]:
    """What there is to say of verdicts that are none."""
    if not unreadable:
        return []
    return [Text(f"! {unreadable:,} verdicts can't be read, and are left out", style=WAITING)]


def import_answers(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON that Label Studio exported.", show_default=False)
    ],
    person: Annotated[
        str, typer.Option("--person", metavar="PERSON", help="The annotator whose answers they are.")
    ],
    issuer: Annotated[
        str | None,
        typer.Option("--as", metavar="PERSON", help="The operator who signs the token; the first, if not given."),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Label's API; that of this stack, if not given.")
    ] = None,
    offsets: Annotated[
        Offsets, typer.Option("--offsets", help="What its offsets count; Label Studio before 1.4: utf-16.")
    ] = Offsets.CODE_POINTS,
    pass_over: Annotated[
        int, typer.Option("--pass-over", min=1, metavar="N", help="Tasks to give back on the way, at most.")
    ] = PASSED_OVER,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Make answers given in a Label Studio labels of a person: through the API, each under a lease, each checked.

    The queue says which task comes next. What the file doesn't answer is given back; each of those was a view.
    A task that the person holds, in the page or an app, is taken over: import while they don't label.
    Exit code 3 where an answer does not fit its task.

    [dim]Example:[/] [cyan]veil label import export.json --person ann-1 --json[/]
    """
    from deploy.importing import import_file

    done = import_file(root, project, file, person, issuer, url, offsets.value, pass_over)
    content = {
        "project": project,
        "person": person,
        "labeled": len(done.labeled),
        "skipped": len(done.skipped),
        "passed_over": done.passed_over,
        "refused": done.refused,
        "left": done.left,
    }
    Output(as_json).result(content, *_words(done))
    if done.refused:
        raise typer.Exit(Exit.PARTIAL)


def _words(done: Imported) -> list[RenderableType]:
    words: list[RenderableType] = [
        Text.assemble(("✓ ", GOOD), f"{len(done.labeled):,} labeled, {len(done.skipped):,} skipped")
    ]
    words += [Text(f"✗ {task}: {why}", style=BAD) for task, why in list(done.refused.items())[:SHOWN]]
    if done.left:
        left = f"  {len(done.left):,} answers are to tasks that the queue did not hand out ({done.left[0]}, …)"
        words.append(Text(left, style=QUIET))
    return words
