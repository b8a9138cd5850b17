"""What is known of words: how common each is, and whether people, places or organizations are called so.

`data/lexicon/lexicon.npz` is derived from public lists (`streams/redact/training/derive_lexicon.py`); the licences
lie beside it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import version
from io import BytesIO
from math import log10

import numpy as np
from numpy.typing import NDArray

from schemas.errors import ConfigError
from streams.redact.detect.native import native
from streams.redact.detect.shadow import fold
from streams.redact.detect.tokens import Bytes, Hashes, hash_word

# Columns of a word's row, each 0 when nothing is known.
ZIPF = 0  # log10 of occurrences in a billion words, times 25
ZIPF_ELSEWHERE = 1  # the highest of seven other languages
ZIPF_MEAN = 2  # their mean; a name is about as common in all of them
LANGUAGES = 3  # how many of the Latin-script lists hold the word
COMMON = 4  # 10 less the size class of the smallest English dictionary that has it in lower case
PROPER = 5  # the same with a capital only
GIVEN = 6  # given name: times 25, log10 of bearers
FAMILY = 7  # family name
CITY = 8  # a place of that one word: times 25, log10 of inhabitants
CITY_PART = 9  # a word of a place's name
GEO = 10  # 1 country, 2 people or language, 3 region, 4 code
CUE = 11  # our own groups of words (`streams/redact/training/lists/cues.txt`), numbered in that order
JOB = 12  # a word of occupations
PHRASE = 13  # of a key of two or three words: kind of place as in GEO, or 5 for a city
WIDTH = 14
# Groups of cues that code knows by number.
TITLES, COMPANY_ENDINGS, PARTIES, PARTICLES = 1, 9, 29, 30
ZIPF_SCALE = 25
FULLEST = 0.75  # share of slots that another language may fill: a word of no list then costs 8 looks, at 0.9 50
EVERYDAY = 5.0  # zipf from which a word tells of nobody; about 1,000 words
_COMMON_FROM = (2.2, 2.5, 2.8, 3.1, 3.4, 3.7, 4.0, 4.5, 5.0)  # zipf for each step of COMMON in other languages


@dataclass(frozen=True, slots=True, repr=False)
class Lexicon:
    """An open-addressing table. `slots`: upper halves of hashes, 0 is free; `rows[slot]`: the columns above.

    `grams` are weights of hashed letter groups: how much a word looks like a person's and a place's name.
    """

    slots: NDArray[np.uint32]
    rows: Bytes
    grams: NDArray[np.int8]
    everyday: frozenset[str]
    digest: str


@native
def find_slot(slots: NDArray[np.uint32], key: np.uint64) -> np.int64:
    """Slot of a key, or the free slot where it would go."""
    mask = np.uint64(slots.size - 1)
    tag = np.uint32(key >> np.uint64(32)) | np.uint32(1)
    place = key & mask
    while slots[place] != 0 and slots[place] != tag:
        place = (place + np.uint64(1)) & mask
    return np.int64(place)


@native
def add_slots(slots: NDArray[np.uint32], keys: Hashes) -> NDArray[np.int64]:
    """The slot of each key, taken if it was free. Raises `ConfigError` rather than take the last: at a free slot a
    search ends.
    """
    places = np.empty(keys.size, np.int64)
    free = slots.size - np.count_nonzero(slots)
    for index in range(keys.size):
        places[index] = find_slot(slots, keys[index])
        if slots[places[index]] == 0:
            free -= 1
            if free == 0:
                raise ConfigError("the table of words is full: give it more slots or fewer words")
            slots[places[index]] = np.uint32(keys[index] >> np.uint64(32)) | np.uint32(1)
    return places


@native
def find_slots(slots: NDArray[np.uint32], keys: Hashes) -> NDArray[np.int64]:
    """`find_slot` of each key."""
    found = np.empty(keys.size, np.int64)
    for index in range(keys.size):
        found[index] = find_slot(slots, keys[index])
    return found


def zipf_of(word: str, lexicon: Lexicon) -> float:
    """How common a folded word in lower case is: log10 of its occurrences in a billion words, 0 where unknown."""
    return float(lexicon.rows[find_slot(lexicon.slots, np.uint64(hash_word(word))), ZIPF]) / ZIPF_SCALE


def lexicon_for(language: str) -> Lexicon:
    """The lexicon, with the word frequencies of `language`. Raises `ConfigError` for one without a list."""
    from wordfreq import available_languages  # noqa: PLC0415 - reads its lists when imported

    if language == "en":
        return load_lexicon()
    if language not in available_languages("best"):
        listed = ", ".join(sorted(available_languages("best")))
        raise ConfigError(f"language {language}: no word list; available: {listed}")
    return _in_language(language)


@cache
def load_lexicon() -> Lexicon:
    """The lexicon in this package. About 4 MB on disk, 19 MB in memory."""
    content = resources.files("streams.redact.detect").joinpath("data", "lexicon", "lexicon.npz").read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        slots = np.zeros(int(stored["size"]), np.uint32)
        rows = np.zeros((slots.size, WIDTH), np.uint8)
        slots[stored["places"]] = stored["tags"]
        rows[stored["places"]] = stored["rows"].T
        everyday = frozenset(stored["everyday"].tobytes().decode("ascii").split())
        return Lexicon(slots, rows, stored["grams"], everyday, hashlib.sha256(content).hexdigest())


@cache
def _in_language(language: str) -> Lexicon:
    """English's dictionary and frequencies replaced; what is common in the other language is its dictionary.

    Of words that no list of ours has, as many of the most frequent as leave the table `FULLEST` at most.
    """
    english = load_lexicon()
    slots, rows = english.slots.copy(), english.rows.copy()
    rows[:, ZIPF] = rows[:, COMMON] = rows[:, PROPER] = 0
    zipf = _frequencies(language)
    words = sorted(zipf, key=lambda word: (-zipf[word], word))
    frequencies = np.array([zipf[word] for word in words])
    keys = np.array([hash_word(word) for word in words], np.uint64)
    kept = _with_room(slots, keys)
    places = add_slots(slots, keys[kept])
    rows[places, ZIPF] = np.clip(frequencies[kept] * ZIPF_SCALE, 0, 255)
    rows[places, COMMON] = np.searchsorted(_COMMON_FROM, frequencies[kept], side="right")
    everyday = frozenset(word for word in words if zipf[word] >= EVERYDAY)
    digest = hashlib.sha256(f"{english.digest} {language} {version('wordfreq')}".encode()).hexdigest()
    return Lexicon(slots, rows, english.grams, everyday, digest)


def _frequencies(language: str) -> dict[str, float]:
    """The zipf of each folded word of `language`; of words that fold to one, the highest."""
    from wordfreq import get_frequency_dict  # noqa: PLC0415 - as above

    zipf: dict[str, float] = {}
    for word, share in get_frequency_dict(language, "best").items():
        folded = fold(word).lower()
        if folded.isalpha() and folded.isascii():
            zipf[folded] = max(log10(share) + 9, zipf.get(folded, 0))
    return zipf


def _with_room(slots: NDArray[np.uint32], keys: Hashes) -> NDArray[np.bool_]:
    """Which keys to add: those in the table already, and of the others the first, until it is `FULLEST`."""
    new = slots[find_slots(slots, keys)] == 0
    room = int(slots.size * FULLEST) - int(np.count_nonzero(slots))
    fits: NDArray[np.bool_] = ~new | (np.cumsum(new) <= room)
    return fits
