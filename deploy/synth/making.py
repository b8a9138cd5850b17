"""From a template to a record and its truth: what is sensitive, what is to be labeled. No clock, no IO."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from deploy.synth.values import Cast, fakers
from schemas.gold import GoldTruth, KnownWord
from schemas.hidden import Hidden
from schemas.records import LabelSpan, RawReference
from topology.gold_document import TEXT_FIELD
from topology.gold_source import SENSITIVE, GoldSource, GoldTemplate, Group, Shape
from vault.raw import Media

_WORD = re.compile(r"[^\W_]+")
"""Letters and digits: a comma that stays between two placeholders tells nothing."""


@dataclass(frozen=True, slots=True, repr=False)
class Made(Hidden):
    """A synthetic record: its fields by path, and what is true of them. It prints like any raw record: not."""

    media: Media
    fields: Mapping[str, str]
    values: tuple[KnownWord, ...]
    spans: tuple[LabelSpan, ...]
    choices: Mapping[str, str]

    @property
    def payload(self) -> bytes:
        """The bytes to be sealed, as a producer writes them."""
        if self.media is Media.TEXT:
            return self.fields[TEXT_FIELD].encode()
        return json.dumps(_nested(self.fields), ensure_ascii=False, separators=(",", ":")).encode()

    def truth(self, raw: RawReference) -> GoldTruth:
        """What is true of it, once it is known where it lies."""
        return GoldTruth(raw, self.values, self.spans, dict(self.choices))


class Maker:
    """Makes records of a project's templates. The same seed makes the same ones. Takes a second to load."""

    def __init__(self, source: GoldSource, seed: int) -> None:
        self._source = source
        self._random = Random(seed)  # noqa: S311 - made-up people, not secrets
        self._fakers = fakers(source.locales)

    def make(self) -> Made:
        """The next one, of a template and a country drawn at random."""
        template = self._random.choice(self._source.templates)
        fake = self._fakers[self._random.choice(self._source.locales)]
        fake.seed_instance(self._random.getrandbits(64))
        return filled(template, Cast(fake, self._random, self._source.words))

    def __iter__(self) -> Iterator[Made]:
        """Without end."""
        while True:
            yield self.make()


def filled(template: GoldTemplate, cast: Cast) -> Made:
    """The template with its slots filled."""
    fields, values, spans = {}, list[KnownWord](), list[LabelSpan]()
    for path, groups in template.fields.items():
        fields[path] = _field(path, groups, cast, values, spans)
    media = Media.TEXT if template.shape is Shape.TEXT else Media.JSON
    return Made(media, fields, tuple(values), tuple(spans), template.choices)


def _field(path: str, groups: Sequence[Group], cast: Cast, values: list[KnownWord], spans: list[LabelSpan]) -> str:
    text = ""
    for group in groups:
        begun = len(text)
        for piece in group.pieces:
            part = cast.text(piece)
            if piece.slot in SENSITIVE:
                values += _known(path, len(text), part, SENSITIVE[piece.slot], len(values))
            text += part
        if group.label:
            spans.append(LabelSpan(path, begun, len(text), group.label))
    return text


def _known(path: str, at: int, part: str, category: str, entity: int) -> list[KnownWord]:
    """Each word of a value. The number of words before it tells it from every other value of the record."""
    words = _WORD.finditer(part)
    return [KnownWord(path, at + word.start(), at + word.end(), category, entity) for word in words]


def _nested(fields: Mapping[str, str]) -> dict[str, Any]:
    """`{"a.b": …}` as `{"a": {"b": …}}`."""
    tree: dict[str, Any] = {}
    for path, text in fields.items():
        *above, last = path.split(".")
        place = tree
        for name in above:
            place = place.setdefault(name, {})
        place[last] = text
    return tree
