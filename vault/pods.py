"""How a process in a pod logs in: by the token of its service account, about which Vault asks Kubernetes.

A role of Vault's auth method `kubernetes` binds one account of one namespace to the policy of one identity, for
tokens that were made for Vault alone (their audience). Kubernetes makes them for minutes and for one pod, and says
no to them once the pod is gone. Nobody has to hand over anything: a pod that ends is started again, and logs in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac

from schemas.errors import AccessDenied, ConfigError
from vault.handing import TOKEN_S
from vault.keeping import Kept, KeptSession
from vault.session import AnonymousSession, Answer, Rejected

MOUNT = "kubernetes"
"""Where the auth method is mounted. Who runs Vault enables it, and tells it which API server to ask."""
ROLES = f"auth/{MOUNT}/role"
MAX_TOKEN_BYTES = 16 * 1024
"""One has about a thousand."""


@dataclass(frozen=True, slots=True)
class PodAccount:
    """A service account, and for whom its token is made."""

    namespace: str
    name: str
    audience: str


def role(identity: str, account: PodAccount) -> dict[str, Any]:
    """The role of an identity, as Vault shows it, too."""
    return {
        "bound_service_account_names": [account.name],
        "bound_service_account_namespaces": [account.namespace],
        "audience": account.audience,
        "token_policies": [identity],
        "token_no_default_policy": True,
        "token_period": TOKEN_S,
    }


def enter(
    url: str, ca: Path | str | None, identity: str, token_file: Path, on_lost: Callable[[], None]
) -> KeptSession:
    """Log in as an identity by the token in a file, which Kubernetes keeps new. What it gives is renewed, and
    revoked when the session is closed; where it is lost, `on_lost` is called as `KeptSession` does.

    Raises ConfigError where there is no token, AccessDenied where it is not this identity's, VaultUnavailable.
    """
    token = _read(token_file)
    session = AnonymousSession(url, ca)
    try:
        answer = session.call("log in", lambda client: _login(client, identity, token))
    except (AccessDenied, Rejected):
        raise AccessDenied(
            f"Vault does not take this pod's token for {identity}: its service account, namespace or audience is"
            " another, its time is over, or `veil topology apply` was never run with VEIL_VAULT_PODS"
        ) from None
    finally:
        session.close()
    auth = answer["auth"]
    return KeptSession(url, ca, Kept(str(auth["client_token"]), float(auth["lease_duration"])), on_lost)


def _login(client: hvac.Client, identity: str, token: str) -> Answer:
    answer: Answer = client.auth.kubernetes.login(role=identity, jwt=token, use_token=False, mount_point=MOUNT)
    return answer


def _read(file: Path) -> str:
    try:
        with file.open(encoding="ascii") as opened:
            found = opened.read(MAX_TOKEN_BYTES).strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file}: can't be read; a pod finds the token of its service account there") from None
    if not found:
        raise ConfigError(f"{file}: is empty; a pod finds the token of its service account there")
    return found
