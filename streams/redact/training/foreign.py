"""Strings of common words of other languages, with a name here and there.

They say nothing, but teach what a word list can't: that `para` or `nicht` is no name, however odd in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random

import numpy as np

from streams.redact.detect import lexicon as known
from streams.redact.detect.lexicon import find_slot, load_lexicon
from streams.redact.detect.shadow import fold
from streams.redact.detect.tokens import hash_word
from streams.redact.training.corpus import Example, Span
from streams.redact.training.refill import Pools

LANGUAGES = ("de", "es", "fr", "it", "nl", "pt", "pl", "sv", "tr", "id", "fi", "ro")
COMMON_SHARE = 10**-5.2  # of all words; about 3,000 words of a language
NAMED = 0.25  # share of texts with a name
RARE = 100  # bearers or inhabitants, in the lexicon's measure: 10,000
_ENDINGS = (".", "!", "?", "...", " .", "", "")
_KINDS = ("PERSON", "PERSON", "LOCATION", "ORGANIZATION")


def foreign_texts(values: Pools, seed: int, count: int) -> Iterator[Example]:
    """`count` texts, deterministic for a seed; `values` are names by class."""
    random = Random(seed)  # noqa: S311 - made-up texts, no secrets
    vocabularies = [_vocabulary(language) for language in LANGUAGES]
    for _ in range(count):
        words, totals = random.choice(vocabularies)
        chosen = random.choices(words, cum_weights=totals, k=random.randint(3, 18))
        if random.random() < 0.5:  # noqa: PLR2004
            chosen[0] = chosen[0].capitalize()
        name_at = random.randrange(len(chosen) + 1) if random.random() < NAMED else -1
        kind = random.choice(_KINDS)
        yield _put_together(chosen, name_at, kind, random.choice(values[kind]), random.choice(_ENDINGS))


def _vocabulary(language: str) -> tuple[list[str], list[float]]:
    """Common words of letters alone that no list has as a name, and their shares added up."""
    from wordfreq import get_frequency_dict  # noqa: PLC0415 - reads its lists when imported

    shares = {
        word: share
        for word, share in get_frequency_dict(language, "best").items()
        if share >= COMMON_SHARE and word.isalpha() and not _is_name(fold(word).lower())
    }
    return list(shares), list(accumulate(shares.values()))


def _is_name(word: str) -> bool:
    lexicon = load_lexicon()
    row = lexicon.rows[find_slot(lexicon.slots, np.uint64(hash_word(word)))]
    return bool(row[known.GEO] or row[known.GIVEN] > RARE or row[known.CITY] > RARE)


def _put_together(words: list[str], name_at: int, kind: str, name: str, ending: str) -> Example:
    pieces = words if name_at < 0 else [*words[:name_at], name, *words[name_at:]]
    spans: tuple[Span, ...] = ()
    if name_at >= 0:
        start = sum(len(word) + 1 for word in words[:name_at])
        spans = ((start, start + len(name), kind),)
    return Example(" ".join(pieces) + ending, spans, "synthetic")
