"""The command line put together. Errors end here: a sentence on standard error, an exit code, no traceback."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from deploy.cli import (
    audit,
    audit_witness,
    backup,
    bridge,
    completion,
    console,
    contain,
    credentials,
    detect,
    erase,
    export,
    export_order,
    grant,
    incident,
    job,
    keys,
    label,
    policy,
    publish,
    purge,
    quarantine,
    redact,
    showcase,
    status,
    subject,
    synth,
    topology,
    up,
)
from deploy.cli.command import Command, Commands, say
from deploy.cli.exits import Exit, sentence

app = typer.Typer(
    name="veil",
    cls=Commands,
    help="Veilstream lets people label sensitive data without anyone seeing it.",
    epilog="Begin with [cyan]veil demo[/], or with [cyan]veil up[/] and [cyan]veil publish FILE[/].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)

RUN, WORK, RULE, PROVE = "Run it", "Bring data in", "Rule it", "Prove it"
app.command("up", cls=Command, rich_help_panel=RUN)(up.up)
app.command("down", cls=Command, rich_help_panel=RUN)(up.down)
app.command("status", cls=Command, rich_help_panel=RUN)(status.status)
app.command("demo", cls=Command, rich_help_panel=RUN)(showcase.demo)
app.command("drill", cls=Command, rich_help_panel=RUN)(showcase.drill)
app.command("bench", cls=Command, rich_help_panel=RUN)(showcase.bench)
app.command("backup", cls=Command, rich_help_panel=RUN)(backup.backup)
app.command("restore", cls=Command, rich_help_panel=RUN)(backup.restore)
app.command("completion", cls=Command, rich_help_panel=RUN)(completion.completion)
app.command("publish", cls=Command, rich_help_panel=WORK)(publish.publish)
app.command("synth", cls=Command, rich_help_panel=WORK)(synth.synth)
app.command("redact", cls=Command, rich_help_panel=WORK)(redact.redact)
app.command("export", cls=Command, rich_help_panel=WORK)(export.export)
app.add_typer(detect.app, name="detect", rich_help_panel=RULE)
app.add_typer(label.app, name="label", rich_help_panel=WORK)
app.add_typer(bridge.app, name="bridge", rich_help_panel=WORK)
app.add_typer(policy.app, name="policy", rich_help_panel=RULE)
app.add_typer(job.app, name="job", rich_help_panel=RULE)
app.add_typer(contain.app, name="contain", rich_help_panel=RULE)
app.add_typer(quarantine.app, name="quarantine", rich_help_panel=RULE)
grant.app.command("export", cls=Command)(export_order.order)
app.add_typer(grant.app, name="grant", rich_help_panel=RULE)
app.command("erase", cls=Command, rich_help_panel=RULE)(erase.erase)
erase.app.command("report", cls=Command)(subject.report)
app.add_typer(erase.app, name="subject", rich_help_panel=RULE)
app.command("purge", cls=Command, rich_help_panel=RULE)(purge.purge)
app.add_typer(keys.app, name="keys", rich_help_panel=RULE)
app.add_typer(incident.app, name="incident", rich_help_panel=RULE)
app.add_typer(credentials.app, name="credentials", rich_help_panel=RULE)
app.add_typer(topology.app, name="topology", rich_help_panel=RULE)
audit.app.add_typer(audit_witness.app, name="witness")
app.add_typer(console.app, name="console", rich_help_panel=PROVE)
app.add_typer(audit.app, name="audit", rich_help_panel=PROVE)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"veilstream {version('veilstream')}")
        raise typer.Exit


@app.callback()
def veil(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Veilstream lets people label sensitive data without anyone seeing it."""


def main() -> None:
    """Entry point of `veil`. Whatever nobody expected is told by type and place: its text could quote a value."""
    try:
        completion.prepare()
        app()
    except Exception as error:  # noqa: BLE001 - the last one who can
        say(sentence(error))
        sys.exit(Exit.FAILED)
