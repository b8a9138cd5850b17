"""Single-use delivery: Vault keeps a few strings in a token that unwraps once, within its time (`sys/wrapping`).

Whoever finds the token used up knows that somebody else was there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import hvac

from schemas.errors import AccessDenied, Reason, Refused, Undecodable, VaultUnavailable
from vault.session import AnonymousSession, Answer, Rejected, Session


class WrappingClient:
    """See `vault.interface.Wrapping`. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def wrap(self, content: Mapping[str, str], ttl_s: int) -> str:
        """A token that unwraps to this content once, within so many seconds."""
        try:
            answer: Answer = self._session.call(
                "wrap something", lambda client: client.sys.wrap(payload=dict(content), ttl=ttl_s)
            )
            return str(answer["wrap_info"]["token"])
        except (Rejected, KeyError, TypeError):
            raise VaultUnavailable("Vault did not wrap what is to be handed over") from None


class Unwrapping:
    """Takes what lies in tokens: each is used up by it, and is all that it shows. Over one connection, so that the
    second costs no handshake. Not thread-safe.
    """

    def __init__(self, url: str, ca: Path | str | None) -> None:
        self._session = AnonymousSession(url, ca)

    def __call__(self, token: str) -> Mapping[str, str]:
        """What somebody of ours put into a token. Raises Undecodable, and as `any`."""
        found = self.any(token)
        if not all(isinstance(value, str) for value in found.values()):
            raise Undecodable(Reason.UNDECODABLE, "what was handed over was not wrapped by Veilstream")
        return found

    def any(self, token: str) -> Mapping[str, Any]:
        """What a token holds.

        Raises Refused (`stale_token`) where it is over or was unwrapped before, Undecodable, VaultUnavailable
        (also: nobody knows whether it is used up now).
        """
        try:
            answer = self._session.call("unwrap what was handed over", partial(_unwrapped, token))
        except Rejected as rejected:
            if rejected.in_doubt:
                raise VaultUnavailable("Vault answered too late: what was handed over may be used up") from None
            raise _used_up() from None
        except AccessDenied:  # so OpenBao and Vault say it of a token that they don't know
            raise _used_up() from None
        found = answer.get("data")
        if not isinstance(found, dict):
            raise Undecodable(Reason.UNDECODABLE, "what was handed over was not wrapped by Veilstream")
        return found

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _unwrapped(token: str, client: hvac.Client) -> Answer:
    system: Any = client.sys  # hvac's stubs leave this call out
    client.token = token
    try:
        answer: Answer = system.unwrap()
    finally:
        client.token = ""
    return answer


def _used_up() -> Refused:
    return Refused(Reason.STALE_TOKEN, "what was handed over is over, or somebody has unwrapped it already")
