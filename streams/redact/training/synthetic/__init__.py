"""Training text with known spans: templates of our own, filled with invented values, with the noise of real text.

A template is a line `genre<TAB>text with {{SLOT}}` in `templates/*.txt` (syntax: `template.py`). `slots.py` says
which entity type each slot is, or that it is not sensitive. `words/*.txt` hold one value a line. All of it was
written for this project; names and places come from these lists, Faker's locales and the file of identities.

`generate(seed, count)` yields texts; the same seed gives the same texts, and a larger count only adds to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from random import Random
from typing import NamedTuple

from streams.redact.training.synthetic.filling import Segment, fill
from streams.redact.training.synthetic.noise import noisy
from streams.redact.training.synthetic.people import read_identities
from streams.redact.training.synthetic.pools import Pools
from streams.redact.training.synthetic.slots import ENTITY_TYPES, SLOTS
from streams.redact.training.synthetic.template import load_templates
from streams.redact.training.synthetic.words import pick

__all__ = ["ENTITY_TYPES", "Annotated", "Marked", "generate"]


class Marked(NamedTuple):
    """A sensitive piece: code points of the text, end exclusive."""

    start: int
    end: int
    entity_type: str


@dataclass(frozen=True, slots=True)
class Annotated:
    """A text with its spans, ascending and disjoint. `template` is the template's text; split sets by it."""

    text: str
    spans: tuple[Marked, ...]
    family: str
    template: str


def generate(seed: int, count: int, identities: Path | None = None) -> Iterator[Annotated]:
    """`count` texts. `identities` is a file of invented identities (JSON lines); by default the committed one.

    The first text takes a few seconds, in which all pools are drawn.
    """
    templates = load_templates(frozenset(SLOTS))
    pools = Pools(seed, read_identities(identities or _committed_identities()))
    rng = Random(seed)  # noqa: S311 - made-up texts, no secrets
    for _ in range(count):
        template = pick(rng, templates)
        segments = noisy(fill(template, pools, rng), template.family, rng)
        text, spans = assembled(segments)
        yield Annotated(text, spans, template.family, template.text)


def assembled(segments: list[Segment]) -> tuple[str, tuple[Marked, ...]]:
    """The text of the segments, and where the typed ones lie in it. Space around a value is outside its span."""
    texts: list[str] = []
    spans: list[Marked] = []
    length = 0
    for text, entity_type in segments:
        if entity_type and (bare := text.strip()):
            start = length + text.index(bare)
            _mark(spans, Marked(start, start + len(bare), entity_type), between="".join(texts[-1:]))
        texts.append(text)
        length += len(text)
    return "".join(texts), tuple(spans)


def _mark(spans: list[Marked], found: Marked, between: str) -> None:
    """A given name followed by a family name is one person."""
    last = spans[-1] if spans else None
    if (
        last
        and found.entity_type == last.entity_type == "PERSON"
        and (between, last.end) == (" ", found.start - 1)
    ):
        spans[-1] = Marked(last.start, found.end, "PERSON")
    else:
        spans.append(found)


def _committed_identities() -> Path:
    return Path(str(resources.files("streams.redact.training").joinpath("data", "identities_a.jsonl")))
