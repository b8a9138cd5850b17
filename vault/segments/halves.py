"""The two halves of the values keys: made by redact for a slot and hour, each wrapped for one group of approvers.

Each half is a small document of its own, `half-a/<slot>/<hour>/<tag>` and `half-b/<slot>/<hour>/<tag>`. The tag
comes from the wrapped key, so that a restart within the hour makes new halves beside the old ones (redact can't
read the old ones back, and must not be able to).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.hidden import SecretBytes
from vault import wrapped
from vault.interface import DataKey, WrappedKey
from vault.segments.document import KeyReference

HOUR_MS = 3_600_000
GROUPS = ("a", "b")
_TAG_DIGITS = 16


class HalvesVault(Protocol):
    """What making halves asks of Vault."""

    def data_key(self, key: str, context: str) -> DataKey:
        """See `vault.interface.Transit`."""
        ...

    def create_all(self, documents: Sequence[tuple[str, bytes]]) -> None:
        """See `vault.interface.Documents`."""
        ...


@dataclass(frozen=True, slots=True)
class Halves:
    """k1 and k2 of one hour, and where their wrapped forms lie."""

    hour: int
    secrets: tuple[SecretBytes, SecretBytes]
    references: tuple[KeyReference, KeyReference]


def transit_key(group: str, project: str) -> str:
    """The transit key that only group `a` or `b` of approvers may decrypt with."""
    return f"values-{group}-{project}"


class SlotHalves:
    """Gives the halves of the running hour; makes them, and writes both documents, when an hour begins."""

    def __init__(self, vault: HalvesVault, project: str, slot: str) -> None:
        self._vault = vault
        self._project = project
        self._slot = slot
        self._lock = threading.Lock()
        self._current: Halves | None = None

    def current(self, now: int) -> Halves:
        """The halves of `now` (milliseconds). Both documents exist when it returns.

        Raises as Vault does; nothing is remembered then, and the next call makes new halves.
        """
        hour = now // HOUR_MS
        with self._lock:
            if self._current is None or self._current.hour != hour:
                self._current = self._made(hour)
            return self._current

    def _made(self, hour: int) -> Halves:
        context = f"{self._slot}/{hour}"
        key_a, key_b = (self._vault.data_key(transit_key(group, self._project), context) for group in GROUPS)
        path_a, path_b = (half_path(group, key) for group, key in zip(GROUPS, (key_a, key_b), strict=True))
        self._vault.create_all([(path_a, _blob(key_a)), (path_b, _blob(key_b))])
        references = (KeyReference("", context, path_a), KeyReference("", context, path_b))
        return Halves(hour, (key_a.secret, key_b.secret), references)


def half_path(group: str, key: DataKey) -> str:
    """The document of a half."""
    tag = hashlib.sha256(key.wrapped.encode()).hexdigest()[:_TAG_DIGITS]
    return f"half-{group}/{key.context}/{tag}"


def _blob(key: DataKey) -> bytes:
    return wrapped.pack(WrappedKey(key.wrapped, key.context))
