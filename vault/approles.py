"""What identities log in to Vault with (AppRole): made, checked, ended, and the tokens had by it ended, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.errors import VaultUnavailable
from schemas.hidden import Hidden
from vault.paths import Paths
from vault.session import Rejected, Session

MOUNT = "auth/approle/role"


@dataclass(frozen=True, slots=True, repr=False)
class AppRoleCredentials(Hidden):
    """What an identity logs in with. `secret_id` is empty where it is handed over at each start."""

    role_id: str
    secret_id: str = ""


class AppRoles:
    """Under a session that may: root's, or the provisioner's. Blocks; one thread at a time.

    All methods raise VaultUnavailable, AccessDenied.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._paths = Paths(session)

    def issue(self, name: str) -> AppRoleCredentials:
        """A new secret id for an AppRole. Earlier ones stay valid."""
        role_id = self._role_id(name)
        secret = self._paths.write(f"{MOUNT}/{name}/secret-id", {})
        return AppRoleCredentials(role_id, str(secret["data"]["secret_id"]))

    def issue_handed(self, name: str) -> AppRoleCredentials:
        """What is known of an AppRole that is handed its secret ids. Those there are open nothing any more."""
        credentials = AppRoleCredentials(self._role_id(name))
        self.end_others(name, credentials)
        return credentials

    def holds(self, name: str, credentials: AppRoleCredentials) -> bool:
        """Whether Vault still takes these credentials."""
        role = self._paths.read(f"{MOUNT}/{name}/role-id")
        if role is None or role["role_id"] != credentials.role_id:
            return False
        return not credentials.secret_id or self._accessor(name, credentials.secret_id) is not None

    def end_others(self, name: str, kept: AppRoleCredentials) -> None:
        """No secret id of an AppRole but this one (none, where it is empty) logs in any more."""
        accessor = self._accessor(name, kept.secret_id) if kept.secret_id else None
        end_secret_ids(self._paths, name, but=accessor)

    def end_tokens(self, name: str) -> int:
        """End every token that may do what this identity may, however it was logged in. How many there were.

        Vault knows them only one by one: it takes two calls for each token that anybody has.
        """
        found = [it for it in sorted(self._paths.list("auth/token/accessors")) if self._acts_as(it, name)]
        for accessor in found:
            self._of_token("revoke", accessor)
        return len(found)

    def _acts_as(self, accessor: str, name: str) -> bool:
        answer = self._of_token("lookup", accessor)
        return name in (answer.get("data") or {}).get("policies", ())

    def _of_token(self, what: str, accessor: str) -> Mapping[str, Any]:
        path, body = f"auth/token/{what}-accessor", {"accessor": accessor}
        try:
            answer = self._session.call(f"{what} a token", lambda client: client.write_data(path, data=body))
        except Rejected:  # it has ended meanwhile
            return {}
        return answer if isinstance(answer, dict) else {}

    def _role_id(self, name: str) -> str:
        role = self._paths.read(f"{MOUNT}/{name}/role-id")
        if role is None:
            raise VaultUnavailable(f"Vault has no AppRole {name}")
        return str(role["role_id"])

    def _accessor(self, name: str, secret_id: str) -> str | None:
        path, body = f"{MOUNT}/{name}/secret-id/lookup", {"secret_id": secret_id}
        try:
            answer = self._session.call(
                f"look up a secret id of {name}", lambda client: client.write_data(path, data=body)
            )
        except Rejected:
            return None
        # 204, without a body, for a secret id it does not know
        return str(answer["data"]["secret_id_accessor"]) if isinstance(answer, dict) else None


def end_secret_ids(paths: Paths, name: str, but: str | None = None) -> None:
    """Destroy the secret ids of an AppRole, besides the one with the accessor `but`. Raises as `Paths`."""
    for accessor in sorted(paths.list(f"{MOUNT}/{name}/secret-id") - {but}):
        paths.write(f"{MOUNT}/{name}/secret-id-accessor/destroy", {"secret_id_accessor": accessor})
