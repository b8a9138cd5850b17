"""Presidio's pattern recognizers, all countries, taken apart into pattern, checksum and context words.

Importing presidio_analyzer takes 2 s (it brings spaCy), so it happens when a detector is built, not before.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import regex  # type: ignore[import-untyped]  # it ships no types

Check = Callable[[str], bool | None]


@dataclass(frozen=True, slots=True)
class Recognizer:
    """One pattern. `checksum` says whether a match is valid (`None`: can't tell, or there is no check)."""

    name: str
    entity_type: str
    pattern: regex.Pattern[str]
    caseless: bool
    weight: float
    checksum: Check | None = None
    context: frozenset[str] = frozenset()
    shape_suffices: bool = False


# Types that stay hidden, under their own name, when their checksum fails: a mistyped card number is still one.
# Of other types a failed checksum is dropped, since deny-by-default hides digits and mixed tokens anyway.
SHAPE_SUFFICES = frozenset({"CREDIT_CARD", "IBAN_CODE", "EMAIL_ADDRESS"})

# The original looks ahead through the whole text from each word, quadratic and wrong; ours looks at the ten
# characters it means.
_BOUNDED = {"PAN (Low)": r"\b(?=[^\d\s]*\w*[a-zA-Z])(?=\w{0,6}[0-9]{4})[\w@#$%^?~-]{10}\b"}

# Asks the public suffix list, over the network when its cache is cold: a detector may not do IO.
_NO_CHECKSUM = frozenset({"EMAIL_ADDRESS"})


def load_recognizers() -> tuple[Recognizer, ...]:
    """Every pattern of every predefined recognizer, in a stable order."""
    from presidio_analyzer import PatternRecognizer, predefined_recognizers  # noqa: PLC0415 - 2 s, see above

    # Some recognizers log the value that failed their check.
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL + 1)
    for module in pkgutil.walk_packages(predefined_recognizers.__path__, predefined_recognizers.__name__ + "."):
        if ".third_party" not in module.name and ".ner" not in module.name:
            importlib.import_module(module.name)
    classes = sorted(set(_subclasses(PatternRecognizer)), key=lambda kind: str(kind.__name__))
    predefined = [kind for kind in classes if kind.__module__.startswith(predefined_recognizers.__name__)]
    return tuple(one for kind in predefined for one in _take_apart(kind()))


def _subclasses(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - Presidio's classes are untyped to us
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _take_apart(recognizer: Any) -> Iterator[Recognizer]:  # noqa: ANN401
    entity = str(recognizer.supported_entities[0])
    flags = int(recognizer.global_regex_flags) | regex.ASCII
    for pattern in recognizer.patterns:
        source = _BOUNDED.get(pattern.name, pattern.regex)
        yield Recognizer(
            name=f"{type(recognizer).__name__}/{pattern.name}",
            entity_type=entity,
            pattern=regex.compile(source, flags & ~regex.UNICODE),
            caseless=bool(flags & regex.IGNORECASE),
            weight=float(pattern.score),
            checksum=None if entity in _NO_CHECKSUM else _checksum(recognizer),
            context=frozenset(word.lower() for word in recognizer.context or ()),
            shape_suffices=entity in SHAPE_SUFFICES,
        )


def _checksum(recognizer: Any) -> Check:  # noqa: ANN401
    def check(value: str) -> bool | None:
        try:
            valid = recognizer.validate_result(value)
            if valid is None and recognizer.invalidate_result(value):
                return False
        except Exception:  # noqa: BLE001 - foreign code on foreign text; not knowing keeps it hidden
            return None
        return None if valid is None else bool(valid)

    return check
