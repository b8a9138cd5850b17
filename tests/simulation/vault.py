"""A Vault in memory: the same seam as `vault.client`, with real AES-GCM wrapping and real Ed25519 signatures.

`VaultStore` is what lies in the storage; several `MemoryVault`s (identities, processes) share one. Faults come
from a hook that is called before and after each operation: what it raises is what the caller sees, and raising
`after` means that the operation has happened all the same. `rights` decides as a policy file would.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.errors import AccessDenied, Reason, Refused, Undecryptable, VaultUnavailable
from schemas.hidden import SealedBytes, SecretBytes
from vault.interface import MAX_DOCUMENT_BYTES, DataKey, Document, KeyVersions, WrappedKey
from vault.keys import framed, fresh_key, open_sealed, seal
from vault.rotation import version_of

Hook = Callable[[str, str, str], None]
"""(`before` or `after`, operation, key or path)."""
Rights = Callable[[str, str], bool]
"""(operation, key or path) -> allowed."""

_PREFIX = "vault:v{}:"


@dataclass
class VaultStore:
    """What all identities share. `auto_keys`: transit keys come into being on first use, as in the simulator."""

    random: Callable[[int], bytes] = os.urandom
    auto_keys: bool = False
    keys: dict[str, bytes] = field(default_factory=dict)
    documents: dict[tuple[str, str], dict[int, bytes]] = field(default_factory=dict)
    """Versions by (project, path); destroyed ones are gone, the highest number is the latest."""
    latest: dict[tuple[str, str], int] = field(default_factory=dict)
    later: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """The versions of keys from 2 on; the first is in `keys`."""
    trimmed: dict[str, int] = field(default_factory=dict)
    """The lowest version that there still is."""
    minimum: dict[str, int] = field(default_factory=dict)
    created: dict[tuple[str, int], int] = field(default_factory=dict)
    clock: Callable[[], int] = lambda: 0
    """Milliseconds, by which versions are dated."""

    def create_key(self, name: str) -> None:
        """A transit key, for wrapping or (named `sign-…`) for signing."""
        self.keys.setdefault(name, self.random(32))

    def key(self, name: str) -> bytes:
        if self.auto_keys:
            self.create_key(name)
        if name not in self.keys:
            raise VaultUnavailable(f"there is no transit key {name}")
        return self.keys[name]

    def versions_of(self, name: str) -> dict[int, bytes]:
        """By number."""
        every = {1: self.key(name), **self.later.get(name, {})}
        return {number: secret for number, secret in every.items() if number >= self.trimmed.get(name, 1)}


def no_faults(moment: str, operation: str, target: str) -> None:
    """Nothing goes wrong."""


def all_rights(operation: str, target: str) -> bool:
    """As with a root token."""
    return True


class MemoryVault:
    """One identity's way to the store, serving one project."""

    def __init__(
        self, store: VaultStore, project: str, *, hook: Hook = no_faults, rights: Rights = all_rights
    ) -> None:
        self.store = store
        self.project = project
        self.hook = hook
        self.rights = rights

    def close(self) -> None:
        """Nothing to close."""

    def data_key(self, key: str, context: str) -> DataKey:
        self._before("datakey", key)
        secret = fresh_key(self.store.random)
        wrapped = self._wrap(key, secret, context)
        self.hook("after", "datakey", key)
        return DataKey(secret, wrapped, context)

    def wrap_only(self, key: str, secret: SecretBytes, context: str) -> WrappedKey:
        self._before("encrypt", key)
        wrapped = self._wrap(key, secret, context)
        self.hook("after", "encrypt", key)
        return WrappedKey(wrapped, context)

    def unwrap(self, key: str, wrapped: Sequence[WrappedKey]) -> list[SecretBytes | Undecryptable]:
        self._before("decrypt", key)
        opened = [self._unwrapped(key, one) for one in wrapped]
        self.hook("after", "decrypt", key)
        return opened

    def rewrap(self, key: str, wrapped: Sequence[WrappedKey]) -> list[WrappedKey | Undecryptable]:
        self._before("rewrap", key)
        found: list[WrappedKey | Undecryptable] = []
        for one in wrapped:
            opened = self._unwrapped(key, one)
            failed = isinstance(opened, Undecryptable)
            found.append(opened if failed else WrappedKey(self._wrap(key, opened, one.context), one.context))
        self.hook("after", "rewrap", key)
        return found

    def key_versions(self, key: str) -> KeyVersions:
        self._before("inspect", key)
        versions = self.store.versions_of(key)
        lowest, minimum = min(versions), self.store.minimum.get(key, 1)
        created = {it: self.store.created.get((key, it), 0) for it in versions if it >= minimum}
        self.hook("after", "inspect", key)
        return KeyVersions(key, max(versions), minimum, lowest if lowest > 1 else 0, created)

    def rotate(self, key: str) -> None:
        self._before("administer", key)
        made = max(self.store.versions_of(key)) + 1
        self.store.later.setdefault(key, {})[made] = self.store.random(32)
        self.store.created[key, made] = self.store.clock()
        self.hook("after", "administer", key)

    def raise_minimum(self, key: str, version: int) -> None:
        self._before("administer", key)
        if version > max(self.store.versions_of(key)):
            raise VaultUnavailable(f"key {key} has no version {version}")
        self.store.minimum[key] = version
        self.hook("after", "administer", key)

    def trim(self, key: str, version: int) -> None:
        self._before("administer", key)
        if version > self.store.minimum.get(key, 0):
            raise VaultUnavailable(f"the minimum of key {key} is below {version}")
        self.store.trimmed[key] = version
        self.hook("after", "administer", key)

    def sign(self, key: str, message: bytes) -> bytes:
        self._before("sign", key)
        signature = self._signing_key(key).sign(message)
        self.hook("after", "sign", key)
        return signature

    def public_key(self, key: str) -> bytes:
        self._before("public_key", key)
        public = self._signing_key(key).public_key().public_bytes_raw()
        self.hook("after", "public_key", key)
        return public

    def create(self, path: str, blob: bytes) -> None:
        self._before("create", path)
        self._check_size(path, blob)
        if self.store.latest.get(self._at(path), 0):
            raise Refused(Reason.DUPLICATE, f"document {path} exists already")
        self._put(path, blob, 1)
        self.hook("after", "create", path)

    def create_all(self, documents: Sequence[tuple[str, bytes]]) -> None:
        for path, blob in documents:  # a crash between two leaves a part, as with the real one
            self.create(path, blob)

    def read(self, path: str) -> Document | None:
        self._before("read", path)
        version = self.store.latest.get(self._at(path), 0)
        blob = self.store.documents.get(self._at(path), {}).get(version)
        self.hook("after", "read", path)
        return None if blob is None else Document(path, blob, version)

    def replace(self, path: str, blob: bytes, version: int) -> None:
        self._before("replace", path)
        self._check_size(path, blob)
        if self.store.latest.get(self._at(path), 0) != version:
            raise Refused(Reason.STALE_VERSION, f"document {path} is not at {version}")
        self._put(path, blob, version + 1)
        self.hook("after", "replace-write", path)
        self.store.documents[self._at(path)] = {version + 1: blob}
        self.hook("after", "replace", path)

    def holds(self, path: str, version: int) -> bool:
        self._before("read", path)
        found = version in self.store.documents.get(self._at(path), {})
        self.hook("after", "read", path)
        return found

    def destroy(self, path: str) -> None:
        self._before("destroy", path)
        self.store.documents.pop(self._at(path), None)
        self.store.latest.pop(self._at(path), None)
        self.hook("after", "destroy", path)

    def names(self, folder: str) -> list[str]:
        self._before("list", folder)
        prefix = f"{folder.strip('/')}/"
        found = sorted(
            path for project, path in self.store.latest if project == self.project and path.startswith(prefix)
        )
        self.hook("after", "list", folder)
        return found

    def _before(self, operation: str, target: str) -> None:
        self.hook("before", operation, target)
        if not self.rights(operation, target):
            raise AccessDenied(f"no right to {operation} {target}")

    def _at(self, path: str) -> tuple[str, str]:
        return self.project, path

    def _put(self, path: str, blob: bytes, version: int) -> None:
        self.store.documents.setdefault(self._at(path), {})[version] = blob
        self.store.latest[self._at(path)] = version

    def _check_size(self, path: str, blob: bytes) -> None:
        if len(blob) > MAX_DOCUMENT_BYTES:
            raise Refused(Reason.MAPPING_TOO_LARGE, f"document {path} is larger than {MAX_DOCUMENT_BYTES} bytes")

    def _derived(self, key: str, version: int, context: str) -> SecretBytes:
        return SecretBytes(hmac.digest(self.store.versions_of(key)[version], framed(context), "sha256"))

    def _wrap(self, key: str, secret: SecretBytes, context: str) -> str:
        latest = max(self.store.versions_of(key))
        sealed = seal(self._derived(key, latest, context), secret.data, key.encode(), self.store.random)
        return _PREFIX.format(latest) + base64.b64encode(sealed.data).decode()

    def _unwrapped(self, key: str, one: WrappedKey) -> SecretBytes | Undecryptable:
        version = version_of(one.wrapped)
        self.store.key(key)
        try:
            sealed = SealedBytes(
                base64.b64decode(one.wrapped.removeprefix(_PREFIX.format(version)), validate=True)
            )
            if not one.context:
                raise ValueError
            if 0 < version < self.store.minimum.get(key, 1):
                return Undecryptable(Reason.RETIRED_DATA_KEY, "a wrapped key's version is below the minimum")
            return SecretBytes(open_sealed(self._derived(key, version, one.context), sealed, key.encode()))
        except (Undecryptable, ValueError, KeyError):
            return Undecryptable(Reason.UNKNOWN_DATA_KEY, "a wrapped key does not open under its context")

    def _signing_key(self, key: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.store.key(key)).digest())
