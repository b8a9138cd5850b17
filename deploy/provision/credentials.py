"""What each identity logs in with: one file each, `<root>/identities/<identity>.json`, readable by its owner only.

Made once and reused. Of a process that is handed what it logs in to Vault with, no secret id is in its file. The
password for Kafka is written here before Kafka gets it, so that a crash in between leaves a password we know.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import ConfigError
from schemas.files import write_atomically
from schemas.hidden import Hidden
from topology.identity import Identity
from vault.approles import AppRoleCredentials

FOLDER = "identities"
PASSWORD_BYTES = 32
"""256 random bits: no dictionary, no rainbow table."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials(Hidden):
    """An identity's credentials. `vault` is None for one that has no business there."""

    identity: Identity
    kafka_password: str
    vault: AppRoleCredentials | None = None

    @property
    def kafka_user(self) -> str:
        """The SCRAM user: the identity's name."""
        return self.identity.name


PassOn = Callable[[Sequence[Credentials]], None]
"""Gives them to whoever reads a copy of their files, before Kafka asks for them."""


class CredentialFiles:
    """The files under `root`."""

    def __init__(self, root: Path, randomness: Callable[[int], bytes] = os.urandom) -> None:
        self._folder = root / FOLDER
        self._randomness = randomness

    def path(self, identity: Identity) -> Path:
        """Where an identity's file is."""
        return self._folder / f"{identity.name}.json"

    def load(self, identity: Identity) -> Credentials:
        """An identity's credentials. Raises ConfigError where it has none, or the file is damaged."""
        path = self.path(identity)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            vault = content["vault"]
            return Credentials(
                identity=identity,
                kafka_password=str(content["kafka"]["password"]),
                vault=AppRoleCredentials(str(vault["role_id"]), str(vault["secret_id"] or "")) if vault else None,
            )
        except FileNotFoundError:
            raise ConfigError(f"{path}: {identity.name} has no credentials; run `veil topology apply`") from None
        except (OSError, ValueError, KeyError, TypeError):
            raise ConfigError(f"{path}: damaged; delete it and run `veil topology apply`") from None

    def load_or_new(self, identity: Identity) -> Credentials:
        """An identity's credentials, or new ones (not yet saved) with a random password for Kafka."""
        if self.path(identity).exists():
            return self.load(identity)
        return Credentials(identity, self._new_password())

    def with_new_password(self, credentials: Credentials) -> Credentials:
        """The same (not yet saved), with another random password for Kafka."""
        return dataclasses.replace(credentials, kafka_password=self._new_password())

    def _new_password(self) -> str:
        return self._randomness(PASSWORD_BYTES).hex()

    def save(self, credentials: Credentials) -> None:
        """Write a file in one step, mode 0600 from its first byte on."""
        vault = credentials.vault
        content = {
            "identity": credentials.identity.name,
            "kafka": {"user": credentials.kafka_user, "password": credentials.kafka_password},
            "vault": {"role_id": vault.role_id, "secret_id": vault.secret_id or None} if vault else None,
        }
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self.path(credentials.identity), json.dumps(content, indent=2) + "\n")
