"""What a process in a container logs in to Vault with: `python -m deploy.containers.hand ROLE PROJECT`.

Prints it for the container's standard input, good once and for five minutes, as `veil up` hands it to processes of
its own; so it is on no disk, in no argument and no environment. That it was handed over is on `audit.platform`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.local.endpoints import load_endpoints
from deploy.provision.parts import pins_path
from deploy.settings import DEFAULT_ROOT
from deploy.starting import Starter
from deploy.surroundings import project_folders
from schemas.errors import VeilError
from topology.identity import Identity
from topology.loading import load_topology


def main(arguments: list[str] | None = None) -> int:
    """Print it. Exit code 2: it can't be had, or it would be printed on a terminal."""
    parser = argparse.ArgumentParser(prog="python -m deploy.containers.hand", description=__doc__)
    parser.add_argument("role")
    parser.add_argument("project", help="the project; `platform` for what serves all of them")
    parser.add_argument("--root", type=Path, default=Path(DEFAULT_ROOT), help="folder of the stack")
    parser.add_argument("--slot", type=int, default=0, help="number of the process among its equals")
    options = parser.parse_args(arguments)
    if sys.stdout.isatty():
        print("This goes into a container's standard input, not on a terminal.", file=sys.stderr)  # noqa: T201 - a script's
        return 2
    try:
        print(handed(options.root.absolute(), Identity(options.role, options.project), options.slot))  # noqa: T201 - a pipe
    except VeilError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a script's output
        return 2
    return 0


def handed(root: Path, identity: Identity, slot: int) -> str:
    """A login for the process of that slot. Raises ConfigError, StackError."""
    topology = load_topology(extra_projects=project_folders(root), pins=pins_path(root))
    starter = Starter(root, load_endpoints(root / "run" / "endpoints.json"), topology)
    try:
        return starter.hand(identity, identity.slot(slot)).decode()
    finally:
        starter.stop()


if __name__ == "__main__":
    sys.exit(main())
