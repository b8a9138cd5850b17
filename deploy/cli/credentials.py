"""`veil credentials`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands, flag
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
    end_logins: Annotated[
        bool,
        flag("--end-logins", text="A login was stolen: end all that is logged in to Vault as them, too."),
    ] = False,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Give processes new passwords for Kafka while they work. Nothing is restarted, and nothing stops, but in
    Kubernetes, whose pods have their files a minute later (deploy/kubernetes).

    Those that keep a secret id for Vault in their files (copier, producer, a person; only where they are named)
    get another, too, and the one before is refused. [cyan]--end-logins[/] ends what has logged in already; a
    process among them ends, and is started again by whoever keeps it running.

    [dim]Example:[/] [cyan]veil credentials rotate copier.demo --end-logins[/]
    """
    from deploy.local.endpoints import load_endpoints
    from deploy.persons import load_declared
    from deploy.provision.rotating import rotated
    from deploy.provisioning import rotate_audited
    from schemas.errors import ConfigError

    root, out = root.absolute(), Output(as_json)
    if end_logins and not identities:
        raise ConfigError("--end-logins ends processes: name those whose login was stolen")
    endpoints, topology = load_endpoints(root / "run" / "endpoints.json"), load_declared(root)
    chosen = rotated(topology, identities or ())
    done = rotate_audited(endpoints, root, chosen, end_logins=end_logins)
    lines = [f"passwords changed: {done.passwords}; processes on this machine take them up"]
    if done.secret_ids:
        lines.append(f"secret ids for Vault changed: {done.secret_ids}; those before are refused")
    if end_logins:
        lines.append(f"logins to Vault ended: {done.ended}; processes among them start again")
    out.result(
        {"rotated": [it.name for it in chosen], "secret_ids": done.secret_ids, "ended": done.ended},
        *(Text.assemble(("✓ ", GOOD), line) for line in lines),
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
