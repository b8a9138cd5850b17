"""What one process in a container is given: `python -m deploy.containers.outfit ROLE PROJECT --to DIR`.

Of a root that `veil up` or `veil topology apply` has made, DIR gets what this one process reads: its own
credentials, where the parts are and by which CAs they are known, the pins, the project files. No administrator's
password or token and no other identity's file. The container sees DIR as `/veil`, read-only.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from deploy.containers.collect import USER
from deploy.local.endpoints import Endpoints, load_endpoints, text
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import pins_path
from deploy.settings import DEFAULT_ROOT
from deploy.supervise.files import make_private_folder
from deploy.surroundings import project_folders
from deploy.webhooks import FOLDER
from schemas.errors import ConfigError, VeilError
from schemas.files import write_atomically
from topology.identity import Identity

INSIDE = Path("/veil")
NOTIFY = "notify"
"""Who signs with the secrets of webhooks."""
READ_BY = {"contain": "contain", "synth": "gold"}
"""Who reads which folder beside the project files, of its own project: whoever else had what gold is made of
could tell it from other records.
"""
NOT_GIVEN = INSIDE / "secrets" / "not-given"
Files = dict[Path, Path]
"""Where each file goes under the folder, and where it comes from."""


def main(arguments: list[str] | None = None) -> int:
    """Fill the folder. Exit code 2: there is no such identity or stack."""
    parser = argparse.ArgumentParser(prog="python -m deploy.containers.outfit", description=__doc__)
    parser.add_argument("role")
    parser.add_argument("project", help="the project; `platform` for what serves all of them")
    parser.add_argument("--root", type=Path, default=Path(DEFAULT_ROOT), help="folder of the stack")
    parser.add_argument("--to", type=Path, required=True, help="folder to fill; best on a tmpfs")
    options = parser.parse_args(arguments)
    root = options.root.absolute()
    try:
        fit_out(root, Identity(options.role, options.project), options.to, project_folders(root))
    except VeilError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a script's output
        return 2
    return 0


def fit_out(root: Path, identity: Identity, folder: Path, projects: Iterable[Path] = ()) -> None:
    """Fill `folder`, or bring it up to date. Raises ConfigError where the stack or the identity is missing, or
    the folder is another's.

    As root, everything becomes the image's user's; else only a container that runs as our own user can read it.
    """
    own = CredentialFiles(folder).path(identity)
    if others := sorted(it.stem for it in own.parent.glob("*.json") if it != own):
        raise ConfigError(f"{folder} has what {others[0]} logs in with; give {identity.name} an empty folder")
    give(folder, contents(root, identity, projects))


def give(folder: Path, found: Mapping[Path, bytes]) -> None:
    """Write these files. A container that reads them meanwhile finds each one, and may read it."""
    owner = USER if os.geteuid() == 0 else None
    for target, content in found.items():
        for part in (folder, *reversed([folder / it for it in target.parents[:-1]])):
            make_private_folder(part)
            if owner is not None:
                os.chown(part, owner, owner)
        write_atomically(folder / target, content, owner=owner)


def contents(root: Path, identity: Identity, projects: Iterable[Path] = ()) -> dict[Path, bytes]:
    """What each file in the folder holds. Raises ConfigError where the stack or the identity is missing."""
    CredentialFiles(root).load(identity)
    endpoints, files = inside(load_endpoints(root / "run" / "endpoints.json"))
    found = {target: source.read_bytes() for target, source in files.items()}
    found |= {target: source.read_bytes() for target, source in _others(root, identity, projects)}
    return found | {Path("run", "endpoints.json"): text(endpoints).encode()}


def inside(endpoints: Endpoints) -> tuple[Endpoints, Files]:
    """The endpoints as the container has them, and the files that they name there."""
    files: Files = {}

    def moved(name: str, source: Path) -> Path:
        files[Path("tls", name)] = source
        return INSIDE / "tls" / name

    kafka, vault, registry = endpoints.kafka, endpoints.vault, endpoints.registry
    there = Endpoints(
        kafka=replace(
            kafka,
            ca_file=moved("kafka-ca.pem", kafka.ca_file),
            admin_password_file=NOT_GIVEN,
            denied_log=None,
        ),
        vault=replace(
            vault,
            ca_file=moved("vault-ca.pem", vault.ca_file),
            token_file=NOT_GIVEN,
            audit_log=None,
            external_log=None,
        ),
        registry=replace(
            registry,
            ca_file=moved("registry-ca.pem", registry.ca_file),
            cert_file=registry.cert_file and moved("registry.pem", registry.cert_file),
            key_file=registry.key_file and moved("registry.key", registry.key_file),
            writer_cert_file=None,
            writer_key_file=None,
            token_key_file=None,
        ),
        log_name=endpoints.log_name,
    )
    return there, files


def _others(root: Path, identity: Identity, projects: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    own = CredentialFiles(root).path(identity)
    yield own.relative_to(root), own
    pins = pins_path(root)
    if pins.exists():
        yield pins.relative_to(root), pins
    if identity.role == NOTIFY:
        for secret in sorted((root / FOLDER).glob(f"{identity.place}.*")):
            yield secret.relative_to(root), secret
    for folder in projects:
        for file in _read_by(identity, folder):
            yield Path("projects", file.relative_to(folder)), file


def _read_by(identity: Identity, projects: Path) -> Iterator[Path]:
    yield from sorted(projects.glob("*.yaml"))
    if identity.role in READ_BY:
        own = projects / READ_BY[identity.role] / f"{identity.place}.yaml"
        yield from [own] if own.exists() else []


if __name__ == "__main__":
    sys.exit(main())
