"""`veil detect`: how good detection is."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands, flag
from deploy.cli.detect_tables import evaluation_words, point_json, quality_table
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson
from deploy.cli.output import BAD, Output
from deploy.cli.redact import Effort

app = typer.Typer(cls=Commands, help="What the detectors find, and what they miss.", no_args_is_help=True)


@app.command(cls=Command)
def evaluate(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON Lines of `text` and `spans`.", show_default=False),
    ],
    policy: Annotated[
        str, typer.Option("--policy", metavar="NAME_OR_FILE", help="Its field `text` is what is redacted.")
    ] = "text",
    mode: Annotated[
        list[Effort] | None, typer.Option("--mode", help="One mode, or several; all of them if not given.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draw leak against over-redaction.")
    ] = None,
    links: Annotated[
        bool, flag("--ignore-links", text="Leave links and @handles out of over-redaction (for tweets).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure leak and over-redaction on annotated texts, for each mode and along its thresholds.

    A line of FILE is [bold]{"text", "spans": [{"start", "end", "entity_type"}]}[/]. Leak is the share of the
    annotated characters that stay readable, over-redaction the share of the others that are hidden; each with the
    95 % interval of a bootstrap over texts. A policy sets its own threshold as [bold]detection.threshold[/].

    [dim]Example:[/] [cyan]veil detect evaluate letters.jsonl --plot letters.svg[/]
    """
    from streams.redact.detect.detector import build_detector
    from streams.redact.quality.annotated import read_annotated, without_links
    from streams.redact.quality.curve import svg, trade_off
    from topology.policies import Mode, load_policy

    texts = read_annotated(file)
    chosen = [Mode(one.value) for one in mode] if mode else list(Mode)
    points = trade_off(without_links(texts) if links else texts, load_policy(policy), build_detector, chosen)
    if plot is not None:
        plot.write_text(svg(points, f"{file.name}: leak and over-redaction"), encoding="utf-8")
    Output(as_json).result([point_json(point) for point in points], *evaluation_words(points, file))


@app.command(cls=Command)
def train(
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same model.")] = 1,
    tune: Annotated[
        bool, flag("--tune", text="Leave the dev parts out, measure on them, and keep nothing.")
    ] = False,
    calibrated: Annotated[
        bool,
        flag("--calibrate", text="Then train once more without the dev parts, and fit the risk score on them."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train the token classifier anew (from a checkout; some minutes on one core).

    Writes [bold]model.npz[/] and [bold]CARD.md[/] in [bold]streams/redact/detect/data/model[/].

    [dim]Example:[/] [cyan]veil detect train --seed 1[/]
    """
    from streams.redact.training.command import calibrate, train_and_measure

    out = Output(as_json)
    with out.steps("training") as report:
        table = train_and_measure(seed, dt.datetime.now(dt.UTC).date().isoformat(), report, tune=tune)
        if calibrated:
            calibrate(seed, report)
    out.result({"seed": seed, "kept": not tune, "figures": table}, Text(table))


@app.command(cls=Command)
def quality(
    accept: Annotated[
        bool, flag("--accept", text="Make this the baseline, and the table in the room's README.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure every cell of the quality table (from a checkout), and fail when one got worse than its interval.

    [dim]Example:[/] [cyan]veil detect quality[/]
    """
    from streams.redact.quality import run
    from streams.redact.quality.report import worse

    out, root = Output(as_json), Path()
    with out.steps("measuring") as report:
        measured = run.measure_all(dt.datetime.now(dt.UTC).date().isoformat(), report)
    baseline = run.read_baseline(root)
    lost = list(worse(measured, baseline)) if baseline else []
    if accept:
        run.accept(measured, root)
    out.result(
        {**measured.to_json(), "worse": lost}, quality_table(measured), *(Text(one, style=BAD) for one in lost)
    )
    if lost and not accept:
        raise typer.Exit(Exit.FAILED)
