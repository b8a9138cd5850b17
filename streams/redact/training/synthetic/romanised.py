"""Cyrillic and Greek names in Latin letters, as passports and newspapers write them (roughly BGN/PCGN)."""

from __future__ import annotations

from functools import cache

from streams.redact.training.synthetic.words import table


def romanised(name: str) -> str:
    """The name in Latin letters, each word with a capital; letters of other scripts stay."""
    lowered = name.lower()
    for pair, latin in _letters("pairs"):
        lowered = lowered.replace(pair, latin)
    single = dict(_letters("single"))
    return "".join(single.get(letter, letter) for letter in lowered).title()


@cache
def _letters(kind: str) -> tuple[tuple[str, str], ...]:
    """From `words/romanisation.txt`: letters and their Latin form, joined by `=`."""
    return tuple((pair[: pair.index("=")], pair[pair.index("=") + 1 :]) for pair in table("romanisation")[kind])
