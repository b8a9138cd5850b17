"""A logged-in connection to Vault: login, renewal, retries, and foreign errors turned into ours.

What happens to each answer (OpenBao 2.7, measured):

- no connection, time limit, 3xx, 429, 5xx, sealed (503): tried again a bounded number of times, at the node that
  leads (`vault.nodes`) where there are several, then VaultUnavailable;
- 404 of a node that did not lead before and after it, where there are several: the same, since it may not have
  heard of what is there;
- 403: one new login (the token may have ended early), then AccessDenied;
- 400 and 404: handed to the caller as `Rejected`; what they mean depends on the call.

No exception that leaves here quotes the server's answer or the request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import hvac
import hvac.exceptions
import requests

from schemas.errors import AccessDenied, VaultUnavailable
from schemas.hidden import Hidden
from vault.clocks import ToldTime
from vault.metrics import FAILED, SECONDS
from vault.nodes import Nodes

T = TypeVar("T")

RETRY_DELAYS_S = (0.05, 0.2, 0.8)
"""Waits between four attempts: bridges an unseal after a restart (0.2 s), not an outage; the loop does that."""
RENEW_AT = 2 / 3
"""The share of a token's life after which it is renewed: a failed renewal leaves a third for a new login."""

_STATUS_NAMES: dict[type[Exception], str] = {
    hvac.exceptions.VaultDown: "sealed or standby (503)",
    hvac.exceptions.InternalServerError: "500",
    hvac.exceptions.BadGateway: "502",
    hvac.exceptions.VaultNotInitialized: "501",
    hvac.exceptions.RateLimitExceeded: "429",
}


Answer = dict[str, Any]
"""Vault's JSON."""


class Rejected(Exception):
    """Vault understood and said no (400 or 404). `answer` is its JSON, which is never shown."""

    def __init__(self, status: int, answer: Answer | None, in_doubt: bool) -> None:
        super().__init__(f"Vault answered {status}")
        self.status = status
        self.answer = answer or {}
        self.in_doubt = in_doubt
        """An earlier attempt of the same call may have happened."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials(Hidden):
    """An AppRole's two halves, or a token (of a person, or of provisioning) that is used as it is."""

    role_id: str = ""
    secret_id: str = ""
    token: str = ""


class Session:
    """Runs calls on a logged-in hvac client. Thread-safe; logs in on the first call. `url`: one address, or those
    of all nodes with commas.
    """

    def __init__(
        self,
        url: str,
        ca: Path | str | None,
        credentials: Credentials,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credentials = credentials
        self._monotonic = monotonic
        self._wait = wait
        self._lock = threading.Lock()
        self._nodes = Nodes(url, ca, monotonic)
        # hvac takes VAULT_TOKEN or ~/.vault-token when it is given no token: never act as somebody else.
        self._nodes.use(credentials.token)
        self._renew_at = 0.0
        self._logins = 0
        self._called: Callable[[float], None] = lambda _: None

    def tell(self, called: Callable[[float], None]) -> None:
        """Who is told of each call, on the thread that made it, how many seconds it took. It must not raise."""
        self._called = called

    def told_time(self) -> ToldTime | None:
        """What Vault's clock shows now, by its last answer; None where it has told no time. Asks nobody."""
        return self._nodes.dated.now()

    def close(self) -> None:
        """Close the pooled connections."""
        self._nodes.close()

    @property
    def _client(self) -> hvac.Client:
        return self._nodes.current

    def call(self, what: str, action: Callable[[hvac.Client], T]) -> T:
        """Run one call; `what` names it in errors. Raises VaultUnavailable, AccessDenied, Rejected."""
        self._nodes.follow()
        logins = self._ensure_token()
        try:
            return self._attempts(what, action)
        except hvac.exceptions.Forbidden:
            self._login_again(logins)
        try:
            return self._attempts(what, action)
        except hvac.exceptions.Forbidden:
            raise AccessDenied(f"Vault forbids this identity to {what}; check its rights in flow.yaml") from None

    def _attempts(self, what: str, action: Callable[[hvac.Client], T]) -> T:
        began = time.perf_counter()
        try:
            return self._attempted(what, action)
        finally:
            spent = time.perf_counter() - began
            SECONDS.observe(spent)
            self._called(spent)

    def _attempted(self, what: str, action: Callable[[hvac.Client], T]) -> T:
        in_doubt = False
        failure = ""
        led = self._nodes.only
        for delay in (*RETRY_DELAYS_S, None):
            client = self._client
            try:
                return action(client)
            except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
                if in_doubt:
                    # Who may create but not update is forbidden to repeat a write whose answer was lost.
                    raise VaultUnavailable(f"Vault did not {what}, or did and did not say so") from None
                raise hvac.exceptions.Forbidden from None
            except hvac.exceptions.InvalidRequest as error:
                raise Rejected(400, _json(error), in_doubt) from None
            except hvac.exceptions.InvalidPath as error:
                leads = self._nodes.leads(client)
                if leads and client is led:
                    raise Rejected(404, _json(error), in_doubt) from None
                led, failure = (client if leads else None), "404 from a node that did not lead"
                if leads:
                    continue  # since when, nobody knows: asked once more, it leads before and after
            except (hvac.exceptions.VaultError, requests.RequestException) as error:
                in_doubt = True
                FAILED.inc()
                failure = _STATUS_NAMES.get(type(error), type(error).__name__)
            self._nodes.failed(client)
            if delay is not None:
                self._wait(delay)
        raise VaultUnavailable(f"Vault did not {what}: {failure}, {len(RETRY_DELAYS_S) + 1} attempts")

    def _ensure_token(self) -> int:
        """Log in or renew when due. Returns the number of logins so far."""
        with self._lock:
            if self._credentials.token:
                return 0
            if self._logins == 0:
                self._login()
            elif self._monotonic() >= self._renew_at:
                self._renew()
            return self._logins

    def _login_again(self, logins_before: int) -> None:
        """After a 403: one new login, unless another thread has just done it, or we hold a bare token."""
        with self._lock:
            if not self._credentials.token and self._logins == logins_before:
                self._login()

    def _renew(self) -> None:
        try:
            answer = self._client.auth.token.renew_self()
        except (hvac.exceptions.Forbidden, hvac.exceptions.InvalidRequest):
            self._login()  # ended, revoked, or at its maximum life
        except (hvac.exceptions.VaultError, requests.RequestException):
            self._login()  # retries, and says so when Vault is really away
        else:
            self._taken(answer)
            if int(answer["auth"]["lease_duration"]) < _SHORT_S:
                self._login()

    def _login(self) -> None:
        try:
            answer = self._attempts("log in", self._approle_login)
        except (Rejected, hvac.exceptions.Forbidden):
            raise AccessDenied("Vault refuses this AppRole's credentials; run `veil topology apply`") from None
        self._logins += 1
        self._nodes.use(str(answer["auth"]["client_token"]))
        self._taken(answer)

    def _approle_login(self, client: hvac.Client) -> Answer:
        answer: Answer = client.auth.approle.login(
            role_id=self._credentials.role_id, secret_id=self._credentials.secret_id, use_token=False
        )
        return answer

    def _taken(self, answer: Answer) -> None:
        self._renew_at = self._monotonic() + RENEW_AT * float(answer["auth"]["lease_duration"])


class AnonymousSession(Session):
    """Runs calls that need no login: logging in itself, looking at a wrapping token."""

    def __init__(self, url: str, ca: Path | str | None) -> None:
        super().__init__(url, ca, Credentials())

    def _ensure_token(self) -> int:
        return 0

    def _login_again(self, logins_before: int) -> None:
        """Nobody is logged in."""


_SHORT_S = 10
"""A renewal that grants less is at the token's maximum life: log in anew while the old token still works."""


def _json(error: hvac.exceptions.VaultError) -> Answer | None:
    return error.json if isinstance(error.json, dict) else None
