"""Other ways to write a word in plain letters: umlauts spelled out or left out."""

from __future__ import annotations

# Letters that some write as two and some as one; `fold` gives one of the ways, this table the other.
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "œ": "o", "æ": "a", "đ": "dj", "ð": "dh", "þ": "t"}
    | {"ç": "ch", "č": "ch", "ć": "ch", "š": "sh", "ş": "sh", "ș": "sh", "ž": "zh", "ñ": "ny", "ß": "sz"}
)
_LEFT_OUT = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))


def spelled_out(lower: str) -> str:
    """A value in lower case with its special letters written as two; the value itself when it has none."""
    return lower if lower.isascii() else lower.translate(_SPELLED_OUT)


def left_out(word: str) -> str:
    """`word`, folded, as it is without the second letters of spelled-out umlauts."""
    for pair, letter in _LEFT_OUT:
        if pair in word:
            word = word.replace(pair, letter)
    return word
