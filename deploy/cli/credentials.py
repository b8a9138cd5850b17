"""`veil credentials`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands
from deploy.cli.options import AsJson, Root
from deploy.cli.output import GOOD, Output
from deploy.settings import DEFAULT_ROOT

app = typer.Typer(cls=Commands, help="What processes log in with.", no_args_is_help=True)


@app.callback()
def credentials() -> None:
    """What processes log in with."""


@app.command(cls=Command)
def rotate(
    identities: Annotated[
        list[str] | None, typer.Argument(help="Identities, as redact.demo; without any: of all processes.")
    ] = None,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Give processes new passwords for Kafka while they work. Nothing is restarted, and nothing stops, but in
    Kubernetes, whose pods have their files a minute later (deploy/kubernetes).

    [dim]Example:[/] [cyan]veil credentials rotate redact.demo[/]
    """
    from deploy.local.endpoints import load_endpoints
    from deploy.persons import load_declared
    from deploy.provisioning import rotate_audited

    root, out = root.absolute(), Output(as_json)
    endpoints = load_endpoints(root / "run" / "endpoints.json")
    names = rotate_audited(load_declared(root), endpoints, root, identities or ())
    if as_json:
        out.json_line({"rotated": list(names)})
        return
    out.line(
        Text.assemble(("✓ ", GOOD), f"{len(names)} passwords changed; processes on this machine take them up")
    )


@app.command(cls=Command)
def certificates(root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """Give the parts that `veil up` runs other certificates and keys now. Nothing is restarted, and nothing stops.

    The stack does it by itself when a third of their life is left. What somebody else runs isn't touched.

    [dim]Example:[/] [cyan]veil credentials certificates[/]
    """
    from deploy.renewing import renew_audited

    root, out = root.absolute(), Output(as_json)
    with out.progress_console.status(Text("waiting until every port shows its new certificate")):
        names = renew_audited(root)
    out.result(
        {"renewed": list(names)},
        Text.assemble(("✓ ", GOOD), f"{len(names)} certificates changed; every port shows its new one"),
    )
