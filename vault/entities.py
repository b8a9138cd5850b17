"""Persons and apps as Vault's identity knows them, and how what they log in with is ended.

Each has one entity, `veil-person-<name>`, whatever it logs in by: an AppRole, or the password of `vault.people`.
While an entity is disabled, Vault refuses every login as it and every token of an earlier one, from the next call
on (OpenBao 2.7: disabling takes 3 ms, measured). So nobody has to know which tokens there are.
"""

from __future__ import annotations

from schemas.errors import AccessDenied, VaultUnavailable
from vault.approles import end_secret_ids
from vault.paths import Paths
from vault.session import Answer, Session


def entity_of(person: str) -> str:
    """Not the bare name: other programs' entities may bear it."""
    return f"veil-person-{person}"


def approle_of(entity: Answer | None) -> str | None:
    """The id of the AppRole that logs in as an entity; None where none does."""
    aliases = (entity or {}).get("aliases") or ()
    return next((str(one["name"]) for one in aliases if one.get("mount_type") == "approle"), None)


class VaultLogins:
    """Ends and restores what persons and apps do in Vault. Blocks; one thread. All is idempotent.

    All methods raise VaultUnavailable, also where rights are missing: who has to end something goes on trying.
    """

    def __init__(self, session: Session) -> None:
        self._paths = Paths(session)

    def end(self, person: str, *, logs_in: bool) -> bool:
        """Nothing is done as `person` any more; an AppRole's secrets are destroyed, so that new ones have to be
        issued before it can log in again. `logs_in`: whether there must be an AppRole, and so an entity.

        False: there need not be one, and nobody has given us rights over theirs yet (`veil topology apply` does).
        """
        try:
            found = self._turned(person, logs_in=logs_in, disabled=True)
            if approle_of(found) is not None:
                end_secret_ids(self._paths, f"person.{person}")
        except AccessDenied:
            if logs_in:
                raise _too_few_rights(person) from None
            return False
        return True

    def restore(self, person: str, *, logs_in: bool, ended: bool) -> None:
        """Who logs in as `person` may do what they could before. `ended`: whether that was ended here."""
        try:
            self._turned(person, logs_in=logs_in, disabled=False)
        except AccessDenied:
            if logs_in or ended:
                raise _too_few_rights(person) from None

    def _turned(self, person: str, *, logs_in: bool, disabled: bool) -> Answer | None:
        """Their entity, which is `disabled` now, or not; None where there is none."""
        path = f"identity/entity/name/{entity_of(person)}"
        found = self._paths.read(path)  # first: writing would make one, that nobody logs in as
        if logs_in and approle_of(found) is None:
            raise VaultUnavailable(f"Vault has no entity that {person} logs in as; run `veil topology apply`")
        if found is not None:
            self._paths.write(path, {"disabled": disabled})
        return found


def _too_few_rights(person: str) -> VaultUnavailable:
    return VaultUnavailable(f"Vault does not let warden touch {person}; run `veil topology apply`")
