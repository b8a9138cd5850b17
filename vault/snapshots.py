"""Snapshots of Vault's raft storage: all that is in it, as its barrier has sealed it. A stream, never a file.

A snapshot opens nothing: who has it needs the unseal keys of the vault that it is of. Restoring one replaces all
in a vault, its tokens too, so that whoever asked for it is not known there any more. OpenBao and HashiCorp Vault
have the same calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import hvac
import requests

from schemas.errors import AccessDenied, VaultUnavailable
from vault.session import Rejected, Session

CHUNK = 64 * 1024
PATIENCE_S = 600.0
"""Without a byte, or an answer: a large storage is read, and taken in, before Vault says more."""
ACTIVE_WITHIN_S = 120.0
"""5.6 s measured, from nothing, after a snapshot was taken in."""
LOOK_S = 0.2
_PATH = "/v1/sys/storage/raft/snapshot"


class Snapshots:
    """Takes and restores under a session that may. Blocks; one thread."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextmanager
    def taken(self) -> Iterator[Iterator[bytes]]:
        """A snapshot as of now, as it comes. Raises VaultUnavailable (also in the middle), AccessDenied."""
        try:
            answer = self._session.call("take a snapshot of its storage", _take)
        except Rejected as rejected:
            raise VaultUnavailable(
                f"Vault gives no snapshot, its storage is not raft: {rejected.status}"
            ) from None
        try:
            yield _chunks(answer)
        finally:
            answer.close()

    def restore(self, snapshot: Callable[[], Iterator[bytes]]) -> None:
        """Put another vault's snapshot in place of everything here. `snapshot` gives it from its beginning, again
        for another attempt. Raises VaultUnavailable, AccessDenied.
        """
        try:
            self._session.call("take in a snapshot", lambda client: _restore(client, snapshot()))
        except Rejected as rejected:
            raise VaultUnavailable(f"Vault did not take in the snapshot: it answered {rejected.status}") from None

    def await_active(self, limit_s: float = ACTIVE_WITHIN_S) -> None:
        """Until Vault knows who asks: after a restore, the token of somebody whom the snapshot has. Raises
        VaultUnavailable.
        """
        limit = time.monotonic() + limit_s
        while True:
            try:
                self._session.call("look up a token", lambda client: client.auth.token.lookup_self())
            except (AccessDenied, VaultUnavailable, Rejected):
                if time.monotonic() > limit:
                    raise VaultUnavailable(
                        f"Vault does not know this token {limit_s:.0f} s after it took in the snapshot: is it an"
                        " administrator's of the vault that was backed up, and the seal key that one's?"
                    ) from None
                time.sleep(LOOK_S)
            else:
                return


def _take(client: hvac.Client) -> requests.Response:
    raw = hvac.adapters.RawAdapter.from_adapter(client.adapter)
    answer: requests.Response = raw.get(_PATH, stream=True, timeout=PATIENCE_S)
    return answer


def _restore(client: hvac.Client, snapshot: Iterator[bytes]) -> None:
    client.adapter.post(f"{_PATH}-force", data=snapshot, timeout=PATIENCE_S)


def _chunks(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(CHUNK)
    except requests.RequestException as error:
        raise VaultUnavailable(f"Vault broke a snapshot off ({type(error).__name__})") from None
