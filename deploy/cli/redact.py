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
    from streams.redact.detect.find import Detector
    from streams.redact.offline import Summary
    from topology.policies import Policy


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
    mode: Annotated[Effort | None, typer.Option("--mode", help="Overrides the policy's.")] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write; standard output if not given.")
    ] = None,
    token_key: Annotated[
        Path | None,
        typer.Option(
            "--token-key", metavar="FILE", help="Key of tokens and surrogates; without it they differ each run."
        ),
    ] = None,
    bundle: Annotated[
        str | None, typer.Option("--bundle", metavar="HASH", help="Refuse unless this is the bundle: a replay.")
    ] = None,
    risk: Annotated[
        bool,
        typer.Option("--risk", help="Tell each record's residual risk, 0 to 1: what a policy's limit is set by."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Redact a file on this machine, without Kafka and Vault.

    Each line of input gives one of output: [bold]id[/], [bold]record[/] (the sanitized fields) and [bold]spans[/]
    (field, start, end, entity_type, replacement; code points of the input). The policy [cyan]text[/] treats the
    field [bold]text[/] as free text. A bad line gives [bold]id[/] and [bold]error[/] and the rest is done: exit
    code 3. With [cyan]--bundle[/], the hash that a task names, a record gives the bytes it gave then, or nothing:
    another policy or other code is refused by name.

    The summary goes to standard error; with [cyan]--json[/] and [cyan]--out[/], as JSON to standard output.

    [dim]Example:[/] [cyan]veil redact letters.jsonl --policy text --out letters.redacted.jsonl[/]
    """
    out = Output(as_json)
    if bundle is not None and mode is not None:
        raise typer.BadParameter("another mode is another bundle; leave one of them out", param_hint="--mode")
    summary = _redact(file, policy, mode, out_file, token_key, bundle, risk=risk)
    if out_file is not None and as_json:
        out.json_line({**asdict(summary), "out": str(out_file)})
    elif not as_json:
        out.note(_words(summary, out_file))
    if summary.failed:
        raise typer.Exit(Exit.PARTIAL)


def _redact(
    file: Path,
    policy: str,
    mode: Effort | None,
    out_file: Path | None,
    token_key: Path | None,
    bundle: str | None,
    *,
    risk: bool,
) -> Summary:
    from streams.redact.offline import load_keys, redact_file
    from topology.policies import Mode, load_policy

    loaded = load_policy(policy)
    chosen = Mode(mode.value) if mode else None
    if not file.is_file():
        raise typer.BadParameter(f"{file} is no file", param_hint="FILE")
    if bundle is not None and loaded.needs_key and token_key is None:
        words = (
            f"{loaded.id} has tokens or surrogates: a replay gives the same bytes only with the key of that run"
        )
        raise typer.BadParameter(words, param_hint="--token-key")
    keys = load_keys(token_key) if token_key else None
    detector = _of_bundle(loaded, bundle) if bundle is not None else None
    if out_file is None:
        return redact_file(file, loaded, chosen, sys.stdout, detector, keys, risk=risk)
    if out_file.exists() and out_file.samefile(file):
        raise typer.BadParameter("the output would overwrite the input", param_hint="--out")
    with out_file.open("w", encoding="utf-8") as target:
        return redact_file(file, loaded, chosen, target, detector, keys, risk=risk)


def _of_bundle(policy: Policy, bundle: str) -> Detector:
    from streams.redact.detect.detector import build_detector
    from streams.redact.replay import require_bundle

    detector = build_detector(policy)
    require_bundle(policy, detector, bundle)
    return detector


def _words(summary: Summary, out_file: Path | None) -> Text:
    where = f" → {out_file}" if out_file else ""
    words = Text.assemble(("✓ ", GOOD), f"{summary.redacted:,} of {summary.lines:,} records redacted{where}")
    if summary.failed:
        words.append(f"\n✗ {summary.failed:,} bad lines; each has an `error` in the output", style=BAD)
    return words
