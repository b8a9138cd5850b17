"""Reads and writes of any path in Vault, for provisioning: an absent path is None, a refused write an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.errors import VaultUnavailable
from vault.session import Answer, Rejected, Session


class Paths:
    """All methods raise VaultUnavailable, AccessDenied. Blocks; as thread-safe as its session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, path: str) -> Answer | None:
        """The data at a path, or None where Vault says there is nothing (or not even such an engine)."""
        try:
            answer = self._session.call(f"read {path}", lambda client: client.read(path))
        except Rejected:
            return None
        return answer["data"] if isinstance(answer, dict) else None

    def list(self, path: str) -> set[str]:
        """The names below a path."""
        try:
            answer = self._session.call(f"list {path}", lambda client: client.list(path))
        except Rejected:
            return set()
        return set(answer["data"]["keys"]) if isinstance(answer, dict) else set()

    def write(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Vault's answer, {} where it has none. A path that Vault refuses to write is VaultUnavailable."""
        try:
            answer = self._session.call(f"write {path}", lambda client: client.write_data(path, data=dict(body)))
        except Rejected as rejected:
            raise VaultUnavailable(f"Vault did not write {path}: it answered {rejected.status}") from None
        return answer if isinstance(answer, dict) else {}
