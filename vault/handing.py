"""What a process logs in with: handed over at its start, good once, for a short while.

Who starts it has a secret id of its AppRole made, which Vault keeps in a token that unwraps once (`hand`). The
process unwraps it and logs in with it (`take`). So a stolen token, or secret id, opens nothing the second time;
and whoever comes second knows that somebody was there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac

from schemas.errors import AccessDenied, LoginUsedUp, RecordError, VaultUnavailable
from schemas.hidden import Hidden
from vault.keeping import Kept, KeptSession
from vault.session import AnonymousSession, Answer, Rejected, Session
from vault.wrapping import Unwrapping

_OVER = "what was handed over to log in with is over, or somebody has unwrapped it"
HANDED_S = 300
"""How long the token, and the secret id in it, wait: ten Pythons that start together on two cores took 20 s."""
TOKEN_S = 300
"""The period of a process's own token: what outlives one that was killed."""


@dataclass(frozen=True, slots=True, repr=False)
class Handed(Hidden):
    """What a process was handed, if anything, and what it does (in another thread) when that login is lost."""

    token: str = ""
    on_lost: Callable[[], None] = lambda: None


NOTHING = Handed()


def hand(session: Session, role: str) -> str:
    """A token that unwraps once to a new secret id of an AppRole. Raises VaultUnavailable, AccessDenied."""
    path = _path(role)
    try:
        answer: Any = session.call(
            f"hand {role} a login", lambda client: client.write_data(path, data={}, wrap_ttl=f"{HANDED_S}s")
        )
        return str(answer["wrap_info"]["token"])
    except (Rejected, KeyError, TypeError):
        raise VaultUnavailable(f"Vault has made no login for {role}") from None


def take(url: str, ca: Path | str | None, role: str, role_id: str, handed: Handed) -> KeptSession:
    """Log in with what was handed over, which is used up by it.

    Raises LoginUsedUp where it is over, was used before, or is not what the starter had made; VaultUnavailable
    (nobody knows then whether it is used up).
    """
    _require_origin(url, ca, role, handed.token)
    try:
        with closing(Unwrapping(url, ca)) as unwrap:
            secret_id = str(unwrap.any(handed.token).get("secret_id", ""))
    except RecordError:
        raise LoginUsedUp(f"{_OVER}; {role} does not start with it") from None
    session = AnonymousSession(url, ca)
    try:
        answer = session.call("log in", lambda client: _login(client, role_id, secret_id))
    except AccessDenied:
        raise _used(role) from None
    except Rejected as rejected:
        if rejected.in_doubt:
            raise VaultUnavailable(
                "Vault answered too late: the login that was handed over may be used up"
            ) from None
        raise _used(role) from None
    finally:
        session.close()
    auth = answer["auth"]
    return KeptSession(url, ca, Kept(str(auth["client_token"]), float(auth["lease_duration"])), handed.on_lost)


def _login(client: hvac.Client, role_id: str, secret_id: str) -> Answer:
    answer: Answer = client.auth.approle.login(role_id=role_id, secret_id=secret_id, use_token=False)
    return answer


def _require_origin(url: str, ca: Path | str | None, role: str, token: str) -> None:
    """Whoever has unwrapped it may have wrapped it again: Vault says by which request it was made."""
    session = AnonymousSession(url, ca)
    try:
        found: Any = session.call(
            "look at what was handed over",
            lambda client: client.write_data("sys/wrapping/lookup", data={"token": token}),
        )
        made_by = found["data"]["creation_path"]
    except (Rejected, AccessDenied):
        raise LoginUsedUp(f"{_OVER}; {role} does not start with it") from None
    except (KeyError, TypeError):
        raise VaultUnavailable("Vault did not say what was handed over") from None
    finally:
        session.close()
    if made_by != _path(role):
        raise LoginUsedUp(f"what was handed over was not made as a login of {role}, which does not start with it")


def _used(role: str) -> LoginUsedUp:
    return LoginUsedUp(f"somebody has logged in with what {role} was handed; it does not start")


def _path(role: str) -> str:
    return f"auth/approle/role/{role}/secret-id"
