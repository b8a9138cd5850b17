"""Data keys handed out for a while, and unwrapped keys kept for a while: few Vault calls for many records."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.errors import Reason, Undecryptable, VaultUnavailable
from schemas.hidden import SecretBytes
from vault.interface import DataKey, Transit, WrappedKey

MAX_AGE_MS = 3_600_000
"""One hour: a stolen data key opens at most an hour of one process's records."""
MAX_MESSAGES = 2**20
"""Far below the 2^32 messages a key may seal with random 96-bit nonces (SP 800-38D §8.3), and still
no load: at 10,000 records/s a new key every 100 s."""
KEPT_KEYS = 4096
"""Unwrapped keys a reader keeps: 24 hours of 170 slots; 0.4 MB."""


@dataclass(slots=True)
class _InUse:
    key: DataKey
    since: int
    messages: int


class DataKeys:
    """Hands out a data key per (transit key, context) for at most an hour or 2^20 messages. Thread-safe."""

    def __init__(
        self, transit: Transit, *, max_age_ms: int = MAX_AGE_MS, max_messages: int = MAX_MESSAGES
    ) -> None:
        self._transit = transit
        self._max_age_ms = max_age_ms
        self._max_messages = max_messages
        self._lock = threading.Lock()
        self._in_use: dict[tuple[str, str], _InUse] = {}

    def current(self, key: str, context: str, now: int, messages: int = 1) -> DataKey:
        """The key to seal the next `messages` records with; `now` in milliseconds.

        Asks Vault for a new one where there is none or it is used up (raises as `Transit.data_key`).
        """
        with self._lock:
            entry = self._in_use.get((key, context))
            if entry is None or self._used_up(entry, now, messages):
                self._forget_old(now)
                entry = _InUse(self._transit.data_key(key, context), now, 0)
                self._in_use[key, context] = entry
            entry.messages += messages
            return entry.key

    def _used_up(self, entry: _InUse, now: int, messages: int) -> bool:
        # A clock that went back counts as used up: an age can't be told any more.
        return not 0 <= now - entry.since < self._max_age_ms or entry.messages + messages > self._max_messages

    def _forget_old(self, now: int) -> None:
        """Contexts that carry the hour are never asked for again: don't keep their keys."""
        old = [name for name, entry in self._in_use.items() if self._used_up(entry, now, 0)]
        for name in old:
            del self._in_use[name]


Opened = SecretBytes | Undecryptable


class UnwrappedKeys:
    """The keys behind wrapped keys of one transit key, least recently used forgotten first. Thread-safe.

    A key that Vault refuses is blamed on its record only while a key known to be good still opens (transit
    answers "does not open" to everyone when its key was lost or its minimum version raised): the last key
    that opened is the witness. When the witness fails too, VaultUnavailable is raised and nothing is blamed.
    Before a first key has opened there is no witness and Vault's answer per item is believed; likewise when the
    witness is itself refused as retired: then Vault knows the key, and its minimum version has been raised.
    """

    def __init__(self, transit: Transit, key: str, *, kept: int = KEPT_KEYS) -> None:
        self._transit = transit
        self._key = key
        self._kept = kept
        self._lock = threading.Lock()
        self._cache: OrderedDict[WrappedKey, SecretBytes] = OrderedDict()
        self._witness: WrappedKey | None = None

    def unwrap(self, wrapped: Sequence[WrappedKey]) -> list[Opened]:
        """The keys in clear, in order; an Undecryptable in place of one that does not open.

        One Vault call per 249 keys not seen lately. Raises VaultUnavailable, AccessDenied.
        """
        found = self._look_up(wrapped)
        missing = list(dict.fromkeys(one for one in wrapped if one not in found))
        if missing:
            opened = dict(zip(missing, self._transit.unwrap(self._key, missing), strict=True))
            self._blame(opened)
            self._keep(opened)
            found.update(opened)
        return [found[one] for one in wrapped]

    def one(self, wrapped: WrappedKey) -> SecretBytes:
        """The key in clear. Raises Undecryptable, and as `unwrap`."""
        (opened,) = self.unwrap([wrapped])
        if isinstance(opened, Undecryptable):
            raise opened
        return opened

    def evict(self, wrapped: WrappedKey) -> None:
        """Forget a key."""
        with self._lock:
            self._cache.pop(wrapped, None)

    def _look_up(self, wrapped: Sequence[WrappedKey]) -> dict[WrappedKey, Opened]:
        found: dict[WrappedKey, Opened] = {}
        with self._lock:
            for one in wrapped:
                if one in self._cache:
                    self._cache.move_to_end(one)
                    found[one] = self._cache[one]
        return found

    def _keep(self, opened: dict[WrappedKey, Opened]) -> None:
        with self._lock:
            for one, secret in opened.items():
                if isinstance(secret, SecretBytes):
                    self._cache[one] = secret
                    self._witness = one
            while len(self._cache) > self._kept:
                self._cache.popitem(last=False)

    def _blame(self, opened: dict[WrappedKey, Opened]) -> None:
        if all(isinstance(one, SecretBytes) for one in opened.values()):
            return
        if any(isinstance(one, SecretBytes) for one in opened.values()) or self._witness is None:
            return
        (again,) = self._transit.unwrap(self._key, [self._witness])
        if not isinstance(again, Undecryptable):
            return
        if again.reason is Reason.RETIRED_DATA_KEY:
            self._witness = None
        else:
            raise VaultUnavailable(
                f"transit key {self._key} no longer opens what it opened before; was it restored, or deleted?"
            )
