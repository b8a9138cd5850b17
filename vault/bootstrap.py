"""The token by which the topology is applied: made for that from an administrator's, with the provisioner's rights
alone, and revoked at its end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.errors import VaultUnavailable, VeilError
from vault.session import Credentials, Rejected, Session

BOOTSTRAP_S = 900
"""A first apply takes 5 s; what is left of one that was killed ends after a quarter of an hour."""


@contextmanager
def bootstrapped(administrator: Session, url: str, ca: Path | str | None, policy: str) -> Iterator[Session]:
    """A session with this policy alone, whose token ends with it. In Vault's log it goes by the policy's name.

    Raises VaultUnavailable, AccessDenied.
    """
    wanted = {
        "policies": [policy],
        "no_default_policy": True,
        "ttl": f"{BOOTSTRAP_S}s",
        "explicit_max_ttl": f"{BOOTSTRAP_S}s",
        "renewable": False,
        "display_name": policy,
        "meta": {"role_name": policy},
    }
    session = Session(url, ca, Credentials(token=_created(administrator, wanted)))
    try:
        yield session
    finally:
        with contextlib.suppress(VeilError, Rejected):
            session.call("end the bootstrap token", lambda client: client.auth.token.revoke_self())
        session.close()


def _created(administrator: Session, wanted: dict[str, Any]) -> str:
    try:
        answer: Any = administrator.call(
            "make a bootstrap token", lambda client: client.write_data("auth/token/create", data=wanted)
        )
        return str(answer["auth"]["client_token"])
    except (Rejected, KeyError, TypeError):
        raise VaultUnavailable("Vault has made no bootstrap token") from None
