"""`vault.interface.Vault` on OpenBao or HashiCorp Vault. With `session`, `transit` and `documents`, and besides
provisioning, all that knows hvac.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Self

from schemas.errors import VeilError
from vault.clocks import ToldTime
from vault.documents import DocumentsClient, mount_of
from vault.rotation import RotationClient
from vault.session import Credentials, Rejected, Session
from vault.transit import TransitClient
from vault.wrapping import WrappingClient

__all__ = ["VaultClient", "mount_of"]


class VaultClient(TransitClient, DocumentsClient, WrappingClient, RotationClient):
    """One identity's way to Vault, serving one project. Thread-safe; connects and logs in on first use."""

    def __init__(self, session: Session, project: str, transit_mount: str = "transit") -> None:
        TransitClient.__init__(self, session, transit_mount)
        DocumentsClient.__init__(self, session, mount_of(project))
        WrappingClient.__init__(self, session)
        RotationClient.__init__(self, session, transit_mount)

    @classmethod
    def from_approle(cls, url: str, ca: Path | str | None, role_id: str, secret_id: str, project: str) -> Self:
        """A process under its AppRole; `ca` is the PEM file of the only authority trusted."""
        return cls(Session(url, ca, Credentials(role_id=role_id, secret_id=secret_id)), project)

    @classmethod
    def from_token(cls, url: str, ca: Path | str | None, token: str, project: str) -> Self:
        """A person or provisioning, with a token that somebody else renews."""
        return cls(Session(url, ca, Credentials(token=token)), project)

    @property
    def session(self) -> Session:
        """For what is neither key nor document: warden's entities."""
        return self._session

    def told_time(self) -> ToldTime | None:
        """What Vault's clock shows now, by its last answer; None where it has told no time. Asks nobody."""
        return self._session.told_time()

    def ask_time(self) -> ToldTime | None:
        """The same by an answer of now: the last may be from before this machine was halted. Never raises; where
        Vault does not answer it is what was told last.
        """
        with contextlib.suppress(VeilError, Rejected):
            self._session.call("tell the time", lambda client: client.sys.read_health_status(method="HEAD"))
        return self.told_time()

    def end_login(self) -> None:
        """End the token that it works under, which is good for nothing then. Never raises: it ends by itself."""
        with contextlib.suppress(VeilError, Rejected):
            self._session.call("end a login", lambda client: client.auth.token.revoke_self())

    def close(self) -> None:
        """Wait for writes under way, then close the connections."""
        self.stop_writers()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
