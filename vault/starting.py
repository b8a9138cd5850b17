"""A token that may do one thing: have a login made, wrapped, for the starter. Whoever starts processes without an
administrator beside it begins with that (`deploy/handing`).

It lies in a file in the starter's own folder, beside the starter's role id, for as long as the starter may be
started again. Who has both can log in as the starter, and so have a login made of every identity that is
started; to log in as that one, its role id is needed too. Such a login is one of the thief's own: nobody finds
anything used up, and nothing tells of it but Vault's log, where somebody carries that and matches it. The token
ends once the starter has a new one (`deploy/compose/starting_tokens.py`), and where nobody renews it; who has it
can renew it. A login that was made by it before is not ended with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.errors import AccessDenied, VaultUnavailable
from schemas.hidden import Hidden
from vault.handing import HANDED_S
from vault.session import Rejected, Session

STARTER = "starter.platform"
"""Whose login it opens: nobody else begins with such a token."""
LASTS_S = 32 * 24 * 3600
"""Without a renewal: longer than any outage, and one that was lost ends."""


@dataclass(frozen=True, slots=True, repr=False)
class StartingToken(Hidden):
    """The token, and the accessor by which it can be ended, but not used."""

    token: str
    accessor: str


def policy_name(identity: str) -> str:
    """What its policy is called."""
    return f"starts-{identity}"


def policy(identity: str) -> str:
    """Its rights: that login, in no form but a wrapped one."""
    return (
        f'path "auth/approle/role/{identity}/secret-id" {{\n'
        '  capabilities = ["update"]\n'
        '  min_wrapping_ttl = "1s"\n'
        f'  max_wrapping_ttl = "{HANDED_S}s"\n'
        "}\n"
        'path "auth/token/renew-self" { capabilities = ["update"] }\n'
    )


def starting_token(administrator: Session, identity: str) -> StartingToken:
    """A new one, which ends where nobody renews it, or by `end_starting_token`.

    Keep the accessor before the token is handed on: a token that nobody holds does no harm, and one that can't be
    ended might. Raises VaultUnavailable, AccessDenied.
    """
    try:
        return _made(administrator, identity)
    except (Rejected, KeyError, TypeError):
        raise VaultUnavailable("Vault has made no token for the starter") from None


def end_starting_token(administrator: Session, accessor: str) -> None:
    """End one; one that is no more is as good. Raises VaultUnavailable, AccessDenied."""
    try:
        administrator.call(
            "end the starter's token of before",
            lambda client: client.write_data("auth/token/revoke-accessor", data={"accessor": accessor}),
        )
    except Rejected:  # it knows no such token: revoked, ended, or of a Vault that was here before
        return


def _made(administrator: Session, identity: str) -> StartingToken:
    name = policy_name(identity)
    wanted = {
        "policies": [name],
        "no_default_policy": True,
        "no_parent": True,
        "period": f"{LASTS_S}s",
        "display_name": name,
        "meta": {"role_name": name},
    }
    administrator.call(
        "write the starter's policy",
        lambda client: client.sys.create_or_update_policy(name, policy(identity)),
    )
    answer: Any = administrator.call(
        "make the starter's token", lambda client: client.write_data("auth/token/create", data=wanted)
    )
    return StartingToken(str(answer["auth"]["client_token"]), str(answer["auth"]["accessor"]))


def renew(session: Session) -> None:
    """Have it last on. Raises VaultUnavailable, and AccessDenied where it has ended."""
    try:
        session.call("renew the starter's token", lambda client: client.auth.token.renew_self())
    except (Rejected, AccessDenied):
        raise AccessDenied("Vault does not renew the starter's token; put a new one there") from None
