"""A login that can't be had twice: renewed while it is needed, revoked at the end, missed when it is lost."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac.exceptions
import requests

from schemas.errors import LoginLost, VaultUnavailable
from schemas.hidden import Hidden
from vault.session import Credentials, Rejected, Session

RENEW_AT = 1 / 3
"""The share of a token's life after which it is renewed: two thirds are left for a Vault that does not answer."""
RETRY_S = 5.0
"""Where Vault does not answer. That a token's time is over, it alone can say."""
LOST = "Vault no longer knows the login that was handed over; a new start gets another"


@dataclass(frozen=True, slots=True, repr=False)
class Kept(Hidden):
    """A token, and for how many seconds it was given."""

    token: str
    lease_s: float


class KeptSession(Session):
    """A session under such a token; a thread renews it until `close`, which revokes it. Thread-safe.

    Where it is lost, calls raise LoginLost; so that a process that asks for nothing ends, too, `on_lost` is called
    from that thread, once.
    """

    def __init__(self, url: str, ca: Path | str | None, kept: Kept, on_lost: Callable[[], None]) -> None:
        super().__init__(url, ca, Credentials(token=kept.token))
        self._on_lost = on_lost
        self._closed = threading.Event()
        self._keeper = threading.Thread(target=self._keep, args=[kept.lease_s], name="vault login", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """Revoke the token, where Vault answers (else it ends by itself), and close the connections."""
        self._closed.set()
        with contextlib.suppress(hvac.exceptions.VaultError, requests.RequestException):
            self._client.auth.token.revoke_self()  # once only: whoever stops is waited for
        super().close()

    def _login_again(self, logins_before: int) -> None:  # noqa: ARG002 - as the session that logs in has it
        """After a 403: whether it is the right that is missing, or the login."""
        try:
            self._attempts("look at its login", lambda client: client.auth.token.lookup_self())
        except (hvac.exceptions.Forbidden, Rejected):
            raise LoginLost(LOST) from None

    def _keep(self, lease_s: float) -> None:
        wait_s = lease_s * RENEW_AT
        while not self._closed.wait(wait_s):
            try:
                answer: Any = self._attempts("renew its login", lambda client: client.auth.token.renew_self())
            except VaultUnavailable:
                wait_s = min(RETRY_S, wait_s)
            except (hvac.exceptions.Forbidden, Rejected):
                if not self._closed.is_set():
                    self._on_lost()
                return
            else:
                wait_s = float(answer["auth"]["lease_duration"]) * RENEW_AT
