"""A template filled: its segments in order, each with its entity type or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from streams.redact.training.synthetic.pools import Forms, Pools
from streams.redact.training.synthetic.slots import SLOTS
from streams.redact.training.synthetic.template import Choice, Slot, Template
from streams.redact.training.synthetic.words import pick


class Segment(NamedTuple):
    """A named tuple, not a dataclass: ten are made for each text, and these cost a third."""

    text: str
    entity_type: str | None


_STYLES: Mapping[str | None, Callable[[str], str]] = {
    None: str,
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "joined": lambda value: "".join(filter(str.isalnum, value)),
}

_WITH_ARTICLE = frozenset({"LOCATION", "ORGANIZATION"})


def fill(template: Template, pools: Pools, rng: Random) -> list[Segment]:
    """Slots with the same key get forms of the same person, company or country, or the same value."""
    known: dict[tuple[str, str], Forms] = {}
    segments: list[Segment] = []
    for piece in template.pieces:
        for part in pick(rng, piece.options) if isinstance(piece, Choice) else (piece,):
            segments += (Segment(part, None),) if isinstance(part, str) else _filled(part, pools, rng, known)
    return segments


def _filled(slot: Slot, pools: Pools, rng: Random, known: dict[tuple[str, str], Forms]) -> tuple[Segment, ...]:
    kind = SLOTS[slot.name]
    of = kind.cast or slot.name
    forms = known.get((of, slot.key)) if slot.key else None
    if forms is None:
        forms = pick(rng, pools.cast(kind.cast)) if kind.cast else {slot.name: pick(rng, pools.values(slot.name))}
        if slot.key:
            known[of, slot.key] = forms
    value = _STYLES[slot.style](forms[slot.name])
    if kind.entity_type in _WITH_ARTICLE and value.startswith("the "):  # the article belongs to the sentence
        return Segment("the ", None), Segment(value[4:], kind.entity_type)
    return (Segment(value, kind.entity_type),)
