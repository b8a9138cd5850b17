"""Which words are common: the words that may be shown without anyone having named them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from math import log10

from schemas.errors import ConfigError
from streams.redact.detect.shadow import fold

# Zipf values: log10 of occurrences in a billion words. 3.0 keeps about 29,000 English words, 4.0 about 7,200.
COMMON = 3.0
STARTS_SENTENCE = 3.9  # a capital at the start of a sentence is no evidence, so the word itself must be everyday
FUNCTION_WORD = 5.0  # about 1,100 words; too common for a lower-case occurrence to tell of anyone

# Capitals that say nothing of anyone. From everyday banking, support and web texts.
_CAPITALS = (
    "I I'm I'd I'll I've OK A PS FAQ ATM PIN IBAN BIC SSN ID TV PC CD DVD GPS SMS PDF URL HTML IT HR CEO CFO CTO "
    "VIP DIY FYI ASAP RSVP AM PM LOL OMG RT VAT BBC"
)


@dataclass(frozen=True, slots=True, repr=False)
class Vocabulary:
    """Folded words. `common` in any place, `starters` with a capital only where a sentence starts."""

    common: frozenset[str]
    starters: frozenset[str]
    function_words: frozenset[str]
    capitals: frozenset[str]
    names: frozenset[str]
    places: frozenset[str]

    def digest(self) -> str:
        """SHA-256 in hex over all words."""
        state = hashlib.sha256()
        for words in (self.common, self.starters, self.function_words, self.capitals, self.names, self.places):
            state.update("\n".join(sorted(words)).encode() + b"\0")
        return state.hexdigest()


def load_vocabulary(language: str, allow: Iterable[str] = ()) -> Vocabulary:
    """Words of `language`; `allow` are shown too, unless a detector recognizes them. Raises `ConfigError`."""
    from wordfreq import available_languages, get_frequency_dict  # noqa: PLC0415 - reads its lists when imported

    if language not in available_languages("best"):
        raise ConfigError(
            f"language {language}: no word list; available: {', '.join(sorted(available_languages()))}"
        )
    zipf = {word: log10(share) + 9 for word, share in get_frequency_dict(language, "best").items()}
    names, places = _listed("names.txt"), _listed("places.txt")
    allowed = frozenset(part for word in allow for part in fold(word).split())
    listed = (names | places) - {word.lower() for word in allowed}
    common = _at_least(zipf, COMMON) - listed
    starters = _at_least(zipf, STARTS_SENTENCE) - listed
    return Vocabulary(
        common=common | {word.lower() for word in (*allowed, *_CAPITALS.split())},
        starters=starters,
        function_words=_at_least(zipf, FUNCTION_WORD) - listed,
        capitals=frozenset(_CAPITALS.split()) | allowed | {word.capitalize() for word in allowed},
        names=names & listed,
        places=places & listed,
    )


def _at_least(zipf: dict[str, float], least: float) -> frozenset[str]:
    return frozenset(fold(word) for word, value in zipf.items() if value >= least)


def _listed(name: str) -> frozenset[str]:
    text = resources.files("streams.redact.detect").joinpath("data", name).read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
