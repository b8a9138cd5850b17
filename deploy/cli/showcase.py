"""`veil demo`, `veil drill` and `veil bench`: long, and told by the rooms they are in."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.command import flag
from deploy.cli.options import AsJson, Root
from deploy.ending import terminable
from deploy.settings import DEFAULT_ROOT


def demo(root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """See the whole way of a few hundred sensitive records, labeled without anyone having seen them.

    Starts what it needs, ends by itself, and leaves [bold]demo/report.json[/] and the audit in its folder.

    [dim]Example:[/] [cyan]veil demo[/]
    """
    from deploy.demo import main as demo_main

    raise typer.Exit(demo_main(root, as_json))


def drill(root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """Rehearse an incident from the fault to its closing, on a stack of its own; nothing of it is left.

    An app keeps what it is shown, data is reported as exposed: watch has to tell, contain to act, every stage to
    obey. Then people open an incident, put the evidence aside, resume by two and close. Exit code 1 where anything
    of it is missing.

    [dim]Example:[/] [cyan]veil drill --json > drill.json[/]
    """
    from deploy.drill.command import main as drill_main

    with terminable():
        raise typer.Exit(drill_main(root, as_json))


def bench(
    quick: Annotated[bool, flag("--quick", text="Fewer records: a minute, and rougher figures.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="PART",
            help="resources, latency, contain, erase, redact, again, label, seal, vault, scale, costs, texts; "
            "hours long: soak. Again for more.",
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="PROGRAM", help="A Label Studio (`label-studio`) to measure beside our queue."
        ),
    ] = None,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Measure records per second, latency and memory on this machine, beside the obvious alternative.

    [dim]Example:[/] [cyan]veil bench --json > bench.json[/]
    """
    from deploy.bench import main as bench_main

    with terminable():
        raise typer.Exit(bench_main(root, only, against=against, as_json=as_json, quick=quick))
