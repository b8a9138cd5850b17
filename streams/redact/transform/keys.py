"""The key behind tokens and surrogates: a keyed hash that comes in as an argument.

The redact stage holds it in Vault (purpose `token`); `veil redact` draws one a run or reads it from a file. Under
another key tokens and surrogates are others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from schemas.hidden import Hidden
from topology.policies import Scope

KeyedHash = Callable[..., bytes]
"""Parts of bytes to 32 bytes, framed so that ("ab", "c") and ("a", "bc") differ, as `vault.keyed_hash` does."""


class TransformKeys(Hidden):
    """The keyed hash of a project."""

    __slots__ = ("_hash",)

    def __init__(self, keyed: KeyedHash) -> None:
        self._hash = keyed

    def of_record(self, dataset: str, content: Iterable[tuple[str, str]]) -> RecordKeys:
        """The keys of the record with this content (path and text of each leaf) under policies named `dataset`."""
        parts = [_bytes(part) for pair in content for part in pair]
        return RecordKeys(self._hash, dataset.encode(), self._hash(b"record", *parts))


class RecordKeys(Hidden):
    """What the transformations of one record draw from."""

    __slots__ = ("_dataset", "_hash", "_record")

    def __init__(self, keyed: KeyedHash, dataset: bytes, record: bytes) -> None:
        self._hash = keyed
        self._dataset = dataset
        self._record = record

    def token(self, scope: Scope, value: str) -> bytes:
        """32 bytes that are the same for the same value within `scope`."""
        within = {Scope.PROJECT: b"", Scope.DATASET: self._dataset, Scope.RECORD: self._record}[scope]
        return self._hash(b"token", scope.encode(), within, _bytes(value))

    def seed(self, *parts: str) -> int:
        """A number below 2^64 for a surrogate of this record."""
        drawn = self._hash(b"surrogate", self._record, *(_bytes(part) for part in parts))
        return int.from_bytes(drawn[:8], "big")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a record made elsewhere than in parse.py may hold anything
