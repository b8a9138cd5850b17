"""The versions of transit keys: how old, which still open, new ones, and the end of old ones.

By `rotate`, `config` and `trim`, which OpenBao and HashiCorp Vault have alike. Keys that sign are not rotated:
their public keys are pinned (decision 0003). Which version may end is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hvac

from schemas.errors import VaultUnavailable
from vault.interface import KeyVersions
from vault.session import Answer, Rejected, Session

_PREFIX = "vault:v"


def version_of(wrapped: str) -> int:
    """Under which version of its transit key a key is wrapped (`vault:v3:…`); 0 for what Vault has not wrapped."""
    number, _, rest = wrapped.removeprefix(_PREFIX).partition(":")
    if not (wrapped.startswith(_PREFIX) and rest and number.isascii() and number.isdecimal()):
        return 0
    return int(number[:10])


class RotationClient:
    """See `vault.interface.Rewrapping` and `KeyAdministration` for what each call does. Thread-safe."""

    def __init__(self, session: Session, mount: str = "transit") -> None:
        self._asking = session
        self._at = mount

    def key_versions(self, key: str) -> KeyVersions:
        """What Vault says of its versions."""
        answer: Answer = self._keys_call(f"read key {key}", lambda client: client.read(f"{self._at}/keys/{key}"))
        return _versions(key, (answer or {}).get("data") or {})

    def rotate(self, key: str) -> None:
        """A new version."""
        self._change(f"rotate key {key}", f"{key}/rotate", {})

    def raise_minimum(self, key: str, version: int) -> None:
        """Of both: a version can be trimmed only where it may neither unwrap nor wrap."""
        body = {"min_decryption_version": version, "min_encryption_version": version}
        self._change(f"raise the minimum of key {key}", f"{key}/config", body)

    def trim(self, key: str, version: int) -> None:
        """Destroy what is below."""
        self._change(f"trim key {key}", f"{key}/trim", {"min_available_version": version})

    def _change(self, what: str, path: str, body: dict[str, int]) -> None:
        self._keys_call(what, lambda client: client.write_data(f"{self._at}/keys/{path}", data=body))

    def _keys_call(self, what: str, action: Callable[[hvac.Client], Any]) -> Any:  # noqa: ANN401 - Vault's answer
        try:
            return self._asking.call(what, action)
        except Rejected:
            raise VaultUnavailable(f"Vault did not {what}: there is no such key, or it can't do that") from None


def _versions(key: str, data: Answer) -> KeyVersions:
    try:
        made = {int(version): at for version, at in data["keys"].items()}
        return KeyVersions(
            key,
            int(data["latest_version"]),
            int(data["min_decryption_version"]),
            int(data.get("min_available_version") or 0),
            {version: int(at) * 1000 for version, at in made.items() if isinstance(at, int)},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise VaultUnavailable(f"Vault has no key {key}, or it says nothing of its versions") from None
