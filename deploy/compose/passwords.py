"""New passwords for Kafka, and secret ids for Vault, in the files that containers have been given."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from deploy.containers.outfit import give
from deploy.provision.credentials import CredentialFiles, Credentials


def pass_on(root: Path, renewed: Iterable[Credentials]) -> None:
    """Write each into every copy of its identity's file. Where `root` is no cluster's, there is none."""
    folders = sorted(it for it in (root / "given").glob("*") if it.is_dir())
    for credentials in renewed:
        for folder in folders:
            file = CredentialFiles(folder).path(credentials.identity)
            if file.exists():
                give(folder, {file.relative_to(folder): _with_new(file.read_bytes(), credentials)})


def _with_new(content: bytes, credentials: Credentials) -> bytes:
    """All else as it was: a copy may say less of Vault."""
    found = json.loads(content)
    found["kafka"]["password"] = credentials.kafka_password
    if found["vault"] is not None and credentials.vault is not None:
        found["vault"]["secret_id"] = credentials.vault.secret_id or None
    return json.dumps(found, indent=2).encode() + b"\n"
