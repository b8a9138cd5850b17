"""What of a text tells of somebody, to be compared with a surrogate: its words and numbers, however written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet

from streams.redact.normalizing import normalized
from streams.redact.transform.kept_words import FORMS

MIN_WORD = 3  # letters; of two are "St", "am" and every second syllable
MIN_GROUP = 3  # digits; fewer are in every number
MIN_NUMBER = 5  # digits of another value's number: of three and four, some are years and house numbers
_WORD = re.compile(r"[^\W\d_]+")
_GROUP = re.compile(r"\d+")
_ZEROS = "0"
# What made-up values are made with because it is nobody's: RFC 2606, RFC 3849, the exchange of films, a country.
_RESERVED = re.compile(
    r"@example\.(?:com|net|org)$|\.example(?=[/:?#]|$)|^(?:https?|ftp)://(?:www\.)?|^www\.|^2001:db8:"
    r"|(?<!\d)555(?=\D{0,2}01\d\d\D*$)|^\+\d{1,3}(?!\d)",
    re.IGNORECASE,
)


def bare(text: str) -> str:
    """Letters and digits alone: wider than what makes two values one, since a surrogate must be no near miss."""
    return "".join(filter(str.isalnum, _plain(text))) or text


def words_of(text: str) -> set[str]:
    """Words of two letters or more, without case, accents and compatibility forms."""
    return {word for word in _WORD.findall(_plain(text)) if len(word) > 1}


def numbers_of(text: str, least: int) -> set[str]:
    """Groups of `least` digits or more. Zeros alone tell nothing."""
    return {group for group in _GROUP.findall(_plain(text)) if len(group) >= least and group.strip(_ZEROS)}


def drawn_part(made: str) -> str:
    """What of a surrogate was drawn: without names, ranges and codes that are nobody's."""
    return _RESERVED.sub(" ", made)


def tells(made: str, value: str, words: AbstractSet[str], numbers: AbstractSet[str]) -> bool:
    """Whether `made`, which stands for `value`, has a word or number of it, or one of these of the record."""
    own = drawn_part(made)
    said = {word for word in words_of(own) - FORMS if len(word) >= MIN_WORD}
    groups = numbers_of(own, MIN_GROUP)
    return not (
        said.isdisjoint(words_of(value))
        and said.isdisjoint(words)
        and groups.isdisjoint(numbers_of(value, MIN_GROUP))
        and groups.isdisjoint(numbers)
    )


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = normalized("NFKD", text).casefold()
    return "".join(char for char in decomposed if not unicodedata.combining(char))
