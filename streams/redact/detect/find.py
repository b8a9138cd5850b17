"""What detectors give, and the seam behind which they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

# Weights of evidence: they choose the type that is shown where finds overlap. What a type that may pass does not
# cover by itself is hidden all the same (`Find.beyond`).
CERTAIN = 1.0  # a checksum holds, or the record itself says so
STRONG = 0.7
LIKELY = 0.4
WEAK = 0.2
DEFAULT = 0.1  # nothing is known but that it is unusual

UNUSUAL = "UNUSUAL"  # a word that no common text would hold: a name more often than not
NUMBER = "NUMBER"  # digits of which no recognizer knows the meaning
DENIED = "DENIED"  # what the policy itself names, word by word


class Find(NamedTuple):
    """Text `[start, end)` in code points is of `entity_type` (Presidio's vocabulary, `UNUSUAL` or `NUMBER`).

    `beyond`: of one made of several, the types of what its own type does not cover; ascending.
    """

    start: int
    end: int
    entity_type: str
    weight: float = LIKELY
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Searched:
    """Finds of one text, ascending and disjoint, in its code points.

    `mass`: the probabilities that a word is sensitive, added up over the words left readable.
    """

    finds: list[Find]
    mass: float


class Detector(Protocol):
    """Finds in free text. Pure: the same texts give the same finds. No IO; one thread at a time.

    Raises `Refused(DETECTION_FAILED)` when a text can't be searched whole; nothing of it may leave then.
    """

    @property
    def version(self) -> str:
        """Names code and libraries that decide; part of the bundle hash."""

    @property
    def data_hash(self) -> str:
        """SHA-256 in hex over the word lists and patterns in use; part of the bundle hash."""

    def is_everyday(self, word: str) -> bool:
        """Whether `word`, folded and in lower case, is so common that it tells of nobody."""

    def is_common(self, word: str) -> bool:
        """Whether `word`, folded and in lower case, is a word that common texts hold; wider than everyday."""

    def search(self, texts: Sequence[str]) -> list[Searched]:
        """For each text what is found in it, and how much may have been missed."""
