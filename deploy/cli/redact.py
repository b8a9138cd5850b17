"""`veil redact`: offline, neither Kafka nor Vault."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.exits import Exit
from deploy.cli.options import AsJson
from deploy.cli.output import BAD, GOOD, Output

if TYPE_CHECKING:
    from streams.redact.offline import Summary


class Effort(StrEnum):
    """How much detection may cost."""

    FAST = "fast"
    STRICT = "strict"
    MAX = "max"


def redact(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON Lines; each object has an `id`.", show_default=False)
    ],
    policy: Annotated[
        str,
        typer.Option("--policy", metavar="NAME_OR_FILE", help="A built-in policy (text, demo) or a YAML file."),
    ] = "text",
    mode: Annotated[
        Effort | None, typer.Option("--mode", help="Overrides the policy's; all detect alike yet.")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write; standard output if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Redact a file on this machine, without Kafka and Vault.

    Each line of input gives one of output: [bold]id[/], [bold]record[/] (the sanitized fields) and [bold]spans[/]
    (field, start, end, entity_type, replacement; code points of the input). The policy [cyan]text[/] treats the
    field [bold]text[/] as free text. A bad line gives [bold]id[/] and [bold]error[/] and the rest is done: exit
    code 3. All modes detect alike for now.

    The summary goes to standard error; with [cyan]--json[/] and [cyan]--out[/], as JSON to standard output.

    [dim]Example:[/] [cyan]veil redact letters.jsonl --policy text --out letters.redacted.jsonl[/]
    """
    out = Output(as_json)
    summary = _redact(file, policy, mode, out_file)
    if out_file is not None and as_json:
        out.json_line({**asdict(summary), "out": str(out_file)})
    elif not as_json:
        out.note(_words(summary, out_file))
    if summary.failed:
        raise typer.Exit(Exit.PARTIAL)


def _redact(file: Path, policy: str, mode: Effort | None, out_file: Path | None) -> Summary:
    from streams.redact.offline import redact_file
    from topology.policies import Mode, load_policy

    loaded = load_policy(policy)
    chosen = Mode(mode.value) if mode else None
    if not file.is_file():
        raise typer.BadParameter(f"{file} is no file", param_hint="FILE")
    if out_file is None:
        return redact_file(file, loaded, chosen, sys.stdout)
    if out_file.exists() and out_file.samefile(file):
        raise typer.BadParameter("the output would overwrite the input", param_hint="--out")
    with out_file.open("w", encoding="utf-8") as target:
        return redact_file(file, loaded, chosen, target)


def _words(summary: Summary, out_file: Path | None) -> Text:
    where = f" → {out_file}" if out_file else ""
    words = Text.assemble(("✓ ", GOOD), f"{summary.redacted:,} of {summary.lines:,} records redacted{where}")
    if summary.failed:
        words.append(f"\n✗ {summary.failed:,} bad lines; each has an `error` in the output", style=BAD)
    return words
