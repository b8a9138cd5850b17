"""Annotated texts, split so that what is tuned and what is reported was never trained on.

`presidio_generated` is split by template (its texts with the gold values replaced by their types), the two corpora
of running text by contiguous blocks: neighbouring sentences are of one article or one stream.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

Span = tuple[int, int, str]
TRAIN, DEV, TEST = "train", "dev", "test"
_SHARES = (60, 15)  # per cent of train and dev; the rest is test
BLOCKS = 40  # per corpus of running text; an edge may cut an article (`reported.py`)
TEMPLATED = "presidio_generated"
CORPORA = (TEMPLATED, "wikigold_a", "btc_a")


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its gold spans: start, end (code points), class; disjoint, ascending."""

    text: str
    spans: tuple[Span, ...]
    family: str


# What each corpus calls a thing → the classes we learn (`detect/model.py`).
_CLASS_OF = {
    "PERSON": "PERSON", "PREFIX": "PERSON", "LOCATION": "LOCATION", "GPE": "LOCATION", "NRP": "LOCATION",
    "ORG": "ORGANIZATION", "ORGANIZATION": "ORGANIZATION", "ADDRESS": "ADDRESS", "STREET_ADDRESS": "ADDRESS",
    "ZIP_CODE": "ADDRESS", "TITLE": "TITLE", "OCCUPATION": "TITLE", "DATE_TIME": "DATE_TIME", "AGE": "DATE_TIME",
    "YEAR": "DATE_TIME", "WEEKDAY": "DATE_TIME", "MONTH": "DATE_TIME", "TIME": "DATE_TIME",
    "EMAIL_ADDRESS": "OTHER", "DOMAIN_NAME": "OTHER", "URL": "OTHER", "USERNAME": "OTHER",
}  # fmt: skip


def class_of(entity_type: str) -> str:
    """The class of a corpus's entity type; what is not named is an identifier of some kind."""
    return _CLASS_OF.get(entity_type, "NUMBER")


def read(name: str) -> list[Example]:
    """All texts of `training/data/<name>.jsonl`."""
    text = resources.files("streams.redact.training").joinpath("data", f"{name}.jsonl").read_text("utf-8")
    return [_example(json.loads(line), name) for line in text.splitlines() if line.strip()]


def _example(row: dict[str, object], family: str) -> Example:
    spans = sorted((one["start"], one["end"], class_of(one["entity_type"])) for one in row["spans"])  # type: ignore[attr-defined]
    return Example(str(row["text"]), tuple(spans), family)


def split(examples: Sequence[Example], part: str) -> list[Example]:
    """The texts of one part. Which part a text is in depends on its template or place alone, never on a seed."""
    return [one for one, its in zip(examples, parts_of(examples), strict=True) if its == part]


def parts_of(examples: Sequence[Example]) -> list[str]:
    """The part of each text, in their order."""
    size = -(-len(examples) // BLOCKS)
    keys = (template(one) if is_templated(one) else f"block {at // size}" for at, one in enumerate(examples))
    return [_part(key) for key in keys]


def is_templated(example: Example) -> bool:
    """Whether the text was made from a template; else it is of running text, with neighbours."""
    return example.family == TEMPLATED


def template(example: Example) -> str:
    """The text with gold values replaced by their class, digits and spaces levelled."""
    pieces, position = [], 0
    for start, end, kind in example.spans:
        pieces += [example.text[position:start], f"{{{kind}}}"]
        position = end
    text = "".join([*pieces, example.text[position:]]).lower()
    return " ".join("".join("0" if char.isdigit() else char for char in text).split())


def _part(key: str) -> str:
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 100
    return TRAIN if place < _SHARES[0] else DEV if place < sum(_SHARES) else TEST


def parts(part: str) -> Iterator[Example]:
    """That part of every corpus."""
    for name in CORPORA:
        yield from split(read(name), part)
