"""Raw, sanitized and sealed content as unrelated types, so that the wrong flow is a type error.

None shows what it holds: `repr`, `str` and `format` give `RawRecord(<hidden>)`; none is JSON, none pickles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn


class Hidden:
    """Base of the types that hold a value: it prints as its type's name only."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<hidden>)"

    __str__ = __repr__

    def __format__(self, spec: str, /) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} does not leave the process that holds it")


@dataclass(frozen=True, slots=True, repr=False)
class RawRecord(Hidden):
    """A record as its producer wrote it. `tags` are the schema's `confluent:tags`, by field path."""

    fields: Mapping[str, object]
    tags: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class SanitizedRecord(Hidden):
    """What an annotator may see: text by flat field path, for example `notes[0].text`."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class SealedBytes(Hidden):
    """A ciphertext with its nonce in front; opens only under its key and associated data."""

    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class SecretBytes(Hidden):
    """A key in clear. Lives in memory only."""

    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class RawValues(Hidden):
    """Original values by placeholder, or raw texts by field path."""

    by_name: Mapping[str, str]
